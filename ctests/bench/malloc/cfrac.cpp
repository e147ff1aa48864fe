// Factors a number by continued fractions (M. Morrison and J. Brillhart, "A Method of Factoring and the Factorization
// of F7", 1975), as cfrac does, one of the programs in B. Zorn's malloc benchmarks: millions of small numbers, each an
// object that lives for an operation or two. In C++, so that operator new is there as well.
#include "integer.hpp"
#include <cstdio>
#include <cstdlib>
#include <vector>

static const size_t base_size = 150;

// A^2 = (-1)^sign * product of primes^exponents (mod N).
struct Relation {
  Integer a;
  std::vector<unsigned> exponents;
  std::vector<bool> parity, members;
};

static bool is_residue(const Integer &n, uint32_t prime) {
  uint64_t power = n.divide(prime).second, result = 1;
  if (prime == 2 || power == 0) return true;
  for (uint32_t exponent = (prime - 1) / 2; exponent > 0; exponent /= 2) {
    if (exponent % 2 == 1) result = result * power % prime;
    power = power * power % prime;
  }
  return result == 1;
}

static std::vector<uint32_t> factor_base(const Integer &n) {
  std::vector<uint32_t> base;
  for (uint32_t number = 2; base.size() < base_size; number++) {
    bool prime = true;
    for (uint32_t divisor = 2; divisor * divisor <= number && prime; divisor++) prime = number % divisor != 0;
    if (prime && is_residue(n, number)) base.push_back(number);
  }
  return base;
}

// The exponents of q over the base, behind the sign; false if more than 1 is left of q.
static bool factor_over(const std::vector<uint32_t> &base, Integer q, std::vector<unsigned> &exponents) {
  for (size_t i = 0; i < base.size(); i++) {
    for (auto parts = q.divide(base[i]); parts.second == 0; parts = q.divide(base[i])) {
      q = std::move(parts.first);
      exponents[i + 1]++;
    }
  }
  return q == Integer(1);
}

static std::vector<Relation> find_relations(const Integer &n, const std::vector<uint32_t> &base) {
  std::vector<Relation> relations;
  Integer root = n.root(), p, q(1), q_before = n, a(1), a_before, one(1);
  Integer term = root;
  for (bool negative = true; relations.size() < base_size + 10; negative = !negative) {
    // A = term * A + A before; P = term * Q - P; Q = (N - P^2) / Q.
    Integer a_next = (term * a + a_before) % n;
    a_before = std::move(a);
    a = std::move(a_next);
    p = term * q - p;
    q = (n - p * p) / q;
    if (q == one) break;
    term = (root + p) / q;
    std::vector<unsigned> exponents(base.size() + 1);
    if (!factor_over(base, q, exponents)) continue;
    exponents[0] = negative;
    std::vector<bool> parity(exponents.size());
    for (size_t i = 0; i < exponents.size(); i++) parity[i] = exponents[i] % 2 == 1;
    relations.push_back({a, std::move(exponents), std::move(parity), {}});
  }
  return relations;
}

// A factor from a set of relations whose exponents are all even in sum: X^2 = Y^2 (mod N).
static Integer factor_from(const Integer &n, const std::vector<uint32_t> &base, const std::vector<Relation> &relations,
                           const std::vector<bool> &members) {
  Integer x(1), y(1);
  std::vector<unsigned> sums(base.size() + 1);
  for (size_t i = 0; i < relations.size(); i++) {
    if (!members[i]) continue;
    x = x * relations[i].a % n;
    for (size_t j = 0; j < sums.size(); j++) sums[j] += relations[i].exponents[j];
  }
  for (size_t j = 1; j < sums.size(); j++)
    for (unsigned k = 0; k < sums[j] / 2; k++) y = y * Integer(base[j - 1]) % n;
  return Integer::common_divisor(x < y ? y - x : x - y, n);
}

// Gaussian elimination over the parities. A row that becomes zero is such a set.
static Integer combine(const Integer &n, const std::vector<uint32_t> &base, std::vector<Relation> &relations) {
  for (size_t i = 0; i < relations.size(); i++) {
    relations[i].members.resize(relations.size());
    relations[i].members[i] = true;
  }
  for (size_t i = 0; i < relations.size(); i++) {
    Relation &row = relations[i];
    size_t pivot = 0;
    while (pivot < row.parity.size() && !row.parity[pivot]) pivot++;
    if (pivot == row.parity.size()) {
      Integer factor = factor_from(n, base, relations, row.members);
      if (!(factor == Integer(1)) && !(factor == n)) return factor;
      continue;
    }
    for (size_t j = i + 1; j < relations.size(); j++) {
      if (!relations[j].parity[pivot]) continue;
      for (size_t k = 0; k < row.parity.size(); k++) relations[j].parity[k] = relations[j].parity[k] != row.parity[k];
      for (size_t k = 0; k < row.members.size(); k++)
        relations[j].members[k] = relations[j].members[k] != row.members[k];
    }
  }
  return Integer(1);
}

int main(int argc, char **argv) {
  size_t percent = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 100;
  // Two primes of the size that the time calls for.
  Integer n = percent < 100 ? Integer::of("314159311") * Integer::of("27182818309")
                            : Integer::of("31415926535933") * Integer::of("3141592653601");
  std::vector<uint32_t> base = factor_base(n);
  std::vector<Relation> relations = find_relations(n, base);
  Integer factor = combine(n, base, relations);
  Integer other = n / factor;
  if (factor == Integer(1) || !(factor * other == n)) {
    std::fprintf(stderr, "cfrac: no factor was found\n");
    return 2;
  }
  std::printf("factor %llu * %llu\n", (unsigned long long)factor.low(), (unsigned long long)other.low());
  return 0;
}
