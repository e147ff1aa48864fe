// A heap on one piece of memory, as a kernel has one. Each file beside this one is a heap.
#ifndef HEAP_H
#define HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap {
  const char *name;
  void (*start)(void *memory, size_t size); // page-aligned
  void *(*allocate)(size_t size);           // 16-aligned; NULL if there is none
  void (*deallocate)(void *object, size_t size);
};

extern const struct heap no_heap, linked_list, tlsf, buddy, zone, zone_64, per_cpu_zone;

#endif
