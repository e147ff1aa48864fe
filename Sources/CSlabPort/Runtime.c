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
