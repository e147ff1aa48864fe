/* Random numbers of the system's that are the same for each program: so a program of hardened zones does the same each
 * time. The targets are linked with --wrap=syscall. */
#ifndef FUZZ_RANDOM_H
#define FUZZ_RANDOM_H

#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>

static uint64_t fuzz_random;

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

/** All but getrandom() goes on to the system. As in libc, there are as many arguments as any call has. */
long __wrap_syscall(long number, ...) {
  long of[6];
  va_list arguments;
  va_start(arguments, number);
  for (int i = 0; i < 6; i++) of[i] = va_arg(arguments, long);
  va_end(arguments);
  if (number != SYS_getrandom || of[1] != sizeof fuzz_random)
    return __real_syscall(number, of[0], of[1], of[2], of[3], of[4], of[5]);
  uint64_t next = __atomic_add_fetch(&fuzz_random, UINT64_C(0x9E3779B97F4A7C15), __ATOMIC_RELAXED);
  memcpy((void *)of[0], &next, sizeof next);
  return sizeof next;
}

#endif
