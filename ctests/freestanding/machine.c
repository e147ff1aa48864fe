#include "machine.h"

#if defined(__x86_64__)
enum { sys_write = 1, sys_exit = 60 };
static long call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}
__asm__(".globl _start\n_start: xor %ebp, %ebp\n and $-16, %rsp\n call begin");
#elif defined(__i386__)
enum { sys_write = 4, sys_exit = 1 };
static long call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
  return result;
}
__asm__(".globl _start\n_start: xor %ebp, %ebp\n and $-16, %esp\n call begin");
#elif defined(__aarch64__)
enum { sys_write = 64, sys_exit = 93 };
static long call(long number, long a, long b, long c) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
  return x0;
}
__asm__(".globl _start\n_start: b begin");
#elif defined(__arm__)
enum { sys_write = 4, sys_exit = 1 };
static long call(long number, long a, long b, long c) {
  register long r7 __asm__("r7") = number;
  register long r0 __asm__("r0") = a;
  register long r1 __asm__("r1") = b;
  register long r2 __asm__("r2") = c;
  __asm__ volatile("svc 0" : "+r"(r0) : "r"(r7), "r"(r1), "r"(r2) : "memory");
  return r0;
}
__asm__(".globl _start\n.thumb_func\n_start: bl begin");
#elif defined(__riscv)
enum { sys_write = 64, sys_exit = 93 };
static long call(long number, long a, long b, long c) {
  register long a7 __asm__("a7") = number;
  register long a0 __asm__("a0") = a;
  register long a1 __asm__("a1") = b;
  register long a2 __asm__("a2") = c;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
  return a0;
}
__asm__(".globl _start\n_start:\n.option push\n.option norelax\n lla gp, __global_pointer$\n.option pop\n j begin");
#endif

_Noreturn void leave(int status) {
  for (;;) call(sys_exit, status, 0, 0);
}

__attribute__((used)) _Noreturn void begin(void);
_Noreturn void begin(void) { leave(run()); }

void print(const char *text) {
  size_t size = 0;
  while (text[size] != 0) size++;
  call(sys_write, 1, (long)text, (long)size);
}

void print_number(uint32_t number) {
  char digits[12];
  char *digit = digits + sizeof digits - 1;
  *digit = 0;
  do {
    *--digit = (char)('0' + number % 10);
    number /= 10;
  } while (number != 0);
  print(digit);
}

_Noreturn void fail(const char *file, unsigned line, const char *condition) {
  print(file);
  print(":");
  print_number(line);
  print(": does not hold: ");
  print(condition);
  print("\n");
  leave(1);
}

void *memcpy(void *to, const void *from, size_t size) {
  for (size_t i = 0; i < size; i++) ((volatile unsigned char *)to)[i] = ((const unsigned char *)from)[i];
  return to;
}

void *memmove(void *to, const void *from, size_t size) {
  if ((uintptr_t)to <= (uintptr_t)from) return memcpy(to, from, size);
  for (size_t i = size; i > 0; i--) ((volatile unsigned char *)to)[i - 1] = ((const unsigned char *)from)[i - 1];
  return to;
}

void *memset(void *to, int byte, size_t size) {
  for (size_t i = 0; i < size; i++) ((volatile unsigned char *)to)[i] = (unsigned char)byte;
  return to;
}
