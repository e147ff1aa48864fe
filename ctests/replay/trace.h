/* A trace: what a program asked its malloc for, one event after the other, as record.c writes and replay.c reads it.
 *
 * An allocation is written after it was done and a free before, both behind one lock: so of two objects at one address the free of the
 * first comes before the allocation of the second, and the order of the trace is one that could have been. */
#ifndef TRACE_H
#define TRACE_H

#include <stdint.h>

#define TRACE_MAGIC UINT64_C(0x31656361724d4c53)

enum trace_operation { TRACE_MALLOC = 1, TRACE_CALLOC, TRACE_ALIGNED, TRACE_REALLOC, TRACE_FREE };

/** 32 bytes, in the byte order of the machine. The first event of a file has the magic number as its size, and nothing else. */
typedef struct trace_event {
  uint8_t operation;
  uint8_t alignment; /* its logarithm; of TRACE_ALIGNED */
  uint16_t thread;   /* numbered from 0, in the order of their first event */
  uint32_t unused;
  uint64_t before; /* the address that is freed or resized, or 0 */
  uint64_t after;  /* the address that came back */
  uint64_t size;
} trace_event;

#endif
