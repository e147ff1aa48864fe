// Text on the serial line.
#include "lock.h"
#include <stdarg.h>

static void print_text(const char *text, size_t width, size_t length) {
  for (; length < width; width--) machine_write(' ');
  while (*text != 0) machine_write(*text++);
}

static void print_number(uint64_t number, unsigned base, size_t width) {
  char digits[24];
  char *first = &digits[sizeof digits - 1];
  *first = 0;
  do {
    *--first = "0123456789abcdef"[number % base];
    number /= base;
  } while (number != 0);
  print_text(first, width, (size_t)(&digits[sizeof digits - 1] - first));
}

void print(const char *format, ...) {
  static spin_lock lock;
  va_list arguments;
  va_start(arguments, format);
  uintptr_t interrupts = spin_lock_take(&lock);
  for (; *format != 0; format++) {
    if (*format != '%') {
      machine_write(*format);
      continue;
    }
    size_t width = 0;
    bool is_long = false;
    for (format++; *format >= '0' && *format <= '9'; format++) width = width * 10 + (size_t)(*format - '0');
    for (; *format == 'l' || *format == 'z'; format++) is_long = true;
    if (*format == 's') print_text(va_arg(arguments, const char *), 0, 0);
    else
      print_number(is_long ? va_arg(arguments, unsigned long) : va_arg(arguments, unsigned), *format == 'x' ? 16 : 10,
                   width);
  }
  spin_lock_release(&lock, interrupts);
  va_end(arguments);
}
