// Natural numbers of any size, each an object of its own on the heap, made anew by each operation, as the programs of
// the eighties did it. For cfrac.cpp.
#ifndef INTEGER_HPP
#define INTEGER_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

class Integer {
public:
  Integer(uint64_t value = 0) : limbs(new uint32_t[2]), count(2) {
    limbs[0] = (uint32_t)value;
    limbs[1] = (uint32_t)(value >> 32);
    trim();
  }
  Integer(const Integer &other) : limbs(new uint32_t[other.count]), count(other.count) {
    std::copy(other.limbs, other.limbs + count, limbs);
  }
  Integer(Integer &&other) noexcept
      : limbs(std::exchange(other.limbs, nullptr)), count(std::exchange(other.count, 0)) {}
  Integer &operator=(Integer other) noexcept {
    std::swap(limbs, other.limbs);
    std::swap(count, other.count);
    return *this;
  }
  ~Integer() { delete[] limbs; }

  static Integer of(const char *digits) {
    Integer result;
    for (; *digits != 0; digits++) result = result * Integer(10) + Integer((uint64_t)(*digits - '0'));
    return result;
  }

  bool is_zero() const { return count == 0; }
  bool is_odd() const { return count != 0 && limbs[0] % 2 == 1; }
  uint64_t low() const { return (count > 1 ? (uint64_t)limbs[1] << 32 : 0) | (count > 0 ? limbs[0] : 0); }
  size_t bits() const { return count == 0 ? 0 : 32 * count - (size_t)__builtin_clz(limbs[count - 1]); }

  int compare(const Integer &other) const {
    if (count != other.count) return count < other.count ? -1 : 1;
    for (size_t i = count; i-- > 0;)
      if (limbs[i] != other.limbs[i]) return limbs[i] < other.limbs[i] ? -1 : 1;
    return 0;
  }
  bool operator==(const Integer &other) const { return compare(other) == 0; }
  bool operator<(const Integer &other) const { return compare(other) < 0; }

  Integer operator+(const Integer &other) const {
    if (count < other.count) return other + *this;
    Integer result(Room{}, count + 1);
    uint64_t carry = 0;
    for (size_t i = 0; i < count; i++, carry >>= 32) {
      carry += (uint64_t)limbs[i] + (i < other.count ? other.limbs[i] : 0);
      result.limbs[i] = (uint32_t)carry;
    }
    result.limbs[count] = (uint32_t)carry;
    return result.trim();
  }

  // The other may not be larger.
  Integer operator-(const Integer &other) const {
    Integer result(Room{}, count);
    int64_t borrow = 0;
    for (size_t i = 0; i < count; i++, borrow >>= 32) {
      borrow += (int64_t)limbs[i] - (i < other.count ? other.limbs[i] : 0);
      result.limbs[i] = (uint32_t)borrow;
    }
    return result.trim();
  }

  Integer operator*(const Integer &other) const {
    Integer result(Room{}, count + other.count);
    for (size_t i = 0; i < count; i++) {
      uint64_t carry = 0;
      for (size_t j = 0; j < other.count; j++, carry >>= 32) {
        carry += (uint64_t)limbs[i] * other.limbs[j] + result.limbs[i + j];
        result.limbs[i + j] = (uint32_t)carry;
      }
      result.limbs[i + other.count] = (uint32_t)carry;
    }
    return result.trim();
  }

  // Quotient and remainder of a division by one limb.
  std::pair<Integer, uint32_t> divide(uint32_t divisor) const {
    Integer quotient(Room{}, count);
    uint64_t rest = 0;
    for (size_t i = count; i-- > 0;) {
      rest = rest << 32 | limbs[i];
      quotient.limbs[i] = (uint32_t)(rest / divisor);
      rest %= divisor;
    }
    return {quotient.trim(), (uint32_t)rest};
  }

  // Quotient and remainder, bit by bit where both are long.
  std::pair<Integer, Integer> divide(const Integer &divisor) const {
    if (*this < divisor) return {Integer(), *this};
    if (count <= 2) return {Integer(low() / divisor.low()), Integer(low() % divisor.low())};
    if (divisor.count == 1) return divide(divisor.limbs[0]);
    size_t shift = bits() - divisor.bits();
    Integer quotient(Room{}, shift / 32 + 1), rest(*this);
    for (size_t i = shift + 1; i-- > 0;) {
      Integer shifted = divisor.shift_left(i);
      if (rest < shifted) continue;
      rest = rest - shifted;
      quotient.limbs[i / 32] |= (uint32_t)1 << i % 32;
    }
    return {quotient.trim(), rest};
  }
  Integer operator/(const Integer &divisor) const { return divide(divisor).first; }
  Integer operator%(const Integer &divisor) const { return divide(divisor).second; }

  Integer shift_left(size_t bits) const {
    Integer result(Room{}, count + bits / 32 + 1);
    for (size_t i = 0; i < count; i++) {
      uint64_t wide = (uint64_t)limbs[i] << bits % 32;
      result.limbs[i + bits / 32] |= (uint32_t)wide;
      result.limbs[i + bits / 32 + 1] |= (uint32_t)(wide >> 32);
    }
    return result.trim();
  }

  // Rounded down, by Newton's method from above.
  Integer root() const {
    Integer guess = Integer(1).shift_left(bits() / 2 + 1);
    for (;;) {
      Integer next = (guess + *this / guess).divide(2u).first;
      if (!(next < guess)) return guess;
      guess = std::move(next);
    }
  }

  static Integer common_divisor(Integer a, Integer b) {
    while (!b.is_zero()) {
      Integer rest = a % b;
      a = std::move(b);
      b = std::move(rest);
    }
    return a;
  }

private:
  struct Room {};
  Integer(Room, size_t count) : limbs(new uint32_t[count]()), count(count) {}
  Integer &trim() {
    while (count > 0 && limbs[count - 1] == 0) count--;
    return *this;
  }

  uint32_t *limbs;
  size_t count;
};

#endif
