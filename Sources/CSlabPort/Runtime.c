// Functions that compilers expect from a run-time library. They are private to the archive.
#include "CSlabPort.h"

#if !__STDC_HOSTED__ && UINTPTR_MAX <= 0xFFFFFFFF
// Shifts of 64 bits by less than 64. Code that is optimised for size on 32 bits calls them.
uint64_t __ashldi3(uint64_t value, int count) {
  uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);
  if (count == 0) return value;
  if (count >= 32) return (uint64_t)(low << (count - 32)) << 32;
  return (uint64_t)(high << count | low >> (32 - count)) << 32 | low << count;
}

uint64_t __lshrdi3(uint64_t value, int count) {
  uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);
  if (count == 0) return value;
  if (count >= 32) return high >> (count - 32);
  return (uint64_t)(high >> count) << 32 | (low >> count | high << (32 - count));
}
#endif

#if !__STDC_HOSTED__ && __GCC_ATOMIC_INT_LOCK_FREE != 2
// Atomic operations for machines without the instructions. Such a machine has one CPU, and a lock disables interrupts
// before it touches its word. A plain access is therefore enough.
uint16_t __atomic_load_2(const volatile void *word, int order) {
  (void)order;
  return *(const volatile uint16_t *)word;
}
void __atomic_store_2(volatile void *word, uint16_t value, int order) {
  (void)order;
  *(volatile uint16_t *)word = value;
}
uint32_t __atomic_load_4(const volatile void *word, int order) {
  (void)order;
  return *(const volatile uint32_t *)word;
}
void __atomic_store_4(volatile void *word, uint32_t value, int order) {
  (void)order;
  *(volatile uint32_t *)word = value;
}
_Bool __atomic_compare_exchange_4(volatile void *word, void *expected, uint32_t desired, int success, int failure) {
  (void)success, (void)failure;
  uint32_t found = *(volatile uint32_t *)word;
  if (found != *(uint32_t *)expected) {
    *(uint32_t *)expected = found;
    return 0;
  }
  *(volatile uint32_t *)word = desired;
  return 1;
}
#endif

#if !__STDC_HOSTED__ && defined(__ARM_ARCH_6M__)
// What a Cortex-M0 has no instructions for: division, products of 64 bits, and leading zeros.
uint64_t __aeabi_uidivmod(uint32_t dividend, uint32_t divisor) {
  uint32_t quotient = 0, rest = 0;
  for (int bit = 31; bit >= 0; bit--) {
    uint32_t carry = rest >> 31;
    rest = rest << 1 | (dividend >> bit & 1);
    if (carry || rest >= divisor) {
      rest -= divisor;
      quotient |= 1u << bit;
    }
  }
  return (uint64_t)rest << 32 | quotient; // the EABI's pair of registers
}
uint32_t __aeabi_uidiv(uint32_t dividend, uint32_t divisor) { return (uint32_t)__aeabi_uidivmod(dividend, divisor); }

int32_t __aeabi_idiv(int32_t dividend, int32_t divisor) {
  uint32_t a = dividend < 0 ? -(uint32_t)dividend : (uint32_t)dividend;
  uint32_t b = divisor < 0 ? -(uint32_t)divisor : (uint32_t)divisor;
  uint32_t quotient = __aeabi_uidiv(a, b);
  return (int32_t)((dividend < 0) != (divisor < 0) ? -quotient : quotient);
}

uint64_t __aeabi_lmul(uint64_t a, uint64_t b) {
  uint32_t a0 = (uint32_t)a, b0 = (uint32_t)b;
  uint32_t low = (a0 & 0xFFFF) * (b0 & 0xFFFF);
  uint32_t middle = (a0 >> 16) * (b0 & 0xFFFF) + (low >> 16);
  uint32_t other = (a0 & 0xFFFF) * (b0 >> 16) + (middle & 0xFFFF);
  uint32_t high = (a0 >> 16) * (b0 >> 16) + (middle >> 16) + (other >> 16);
  high += a0 * (uint32_t)(b >> 32) + (uint32_t)(a >> 32) * b0;
  return (uint64_t)high << 32 | (other << 16 | (low & 0xFFFF));
}

int __clzsi2(uint32_t value) {
  if (value == 0) return 32;
  int zeros = 0;
  for (int step = 16; step != 0; step /= 2) {
    if (value >> (32 - step) == 0) {
      zeros += step;
      value <<= step;
    }
  }
  return zeros;
}
#endif

#if !__STDC_HOSTED__ && defined(__ARM_EABI__)
// The Arm EABI's names for memcpy, memmove, memset and the shifts.
uint64_t __aeabi_llsl(uint64_t value, int count) { return __ashldi3(value, count); }
uint64_t __aeabi_llsr(uint64_t value, int count) { return __lshrdi3(value, count); }

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);

void __aeabi_memcpy(void *to, const void *from, size_t size) { memcpy(to, from, size); }
void __aeabi_memcpy4(void *to, const void *from, size_t size) { memcpy(to, from, size); }
void __aeabi_memcpy8(void *to, const void *from, size_t size) { memcpy(to, from, size); }
void __aeabi_memmove(void *to, const void *from, size_t size) { memmove(to, from, size); }
void __aeabi_memmove4(void *to, const void *from, size_t size) { memmove(to, from, size); }
void __aeabi_memmove8(void *to, const void *from, size_t size) { memmove(to, from, size); }
void __aeabi_memset(void *to, size_t size, int byte) { memset(to, byte, size); }
void __aeabi_memset4(void *to, size_t size, int byte) { memset(to, byte, size); }
void __aeabi_memset8(void *to, size_t size, int byte) { memset(to, byte, size); }
void __aeabi_memclr(void *to, size_t size) { memset(to, 0, size); }
void __aeabi_memclr4(void *to, size_t size) { memset(to, 0, size); }
void __aeabi_memclr8(void *to, size_t size) { memset(to, 0, size); }
#endif
