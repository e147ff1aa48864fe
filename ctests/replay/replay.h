/* Doing again what a trace says, and looking at every object. */
#ifndef REPLAY_H
#define REPLAY_H

#include "trace.h"

/** What is called for the operations. Each may fail; then it says why and ends the program. */
typedef struct target {
  const char *name;
  void *(*allocate)(size_t alignment, size_t size, bool zeroed); /**< alignment 0: for any object */
  void *(*reallocate)(void *object, size_t size);
  const char *(*deallocate)(void *object); /**< NULL, or what is wrong */
  size_t alignment;                        /**< of what is allocated without one, if the size is as large */
} target;

/** The process's malloc, whichever that is. */
extern const target malloc_target;
/** A zone of slabmalloc.h; what is too large for one comes from malloc. For one thread. */
const target *zone_target(void);
/** How many allocations did, and what is wrong with the zone's pages, or NULL. Ends the zone. */
uint64_t zone_fallbacks(void);
const char *zone_close(void);

typedef struct replay_options {
  bool free_running; /**< threads wait only for objects of others */
  bool no_content;   /**< objects are not filled */
  bool verify;       /**< look at all objects after each operation */
  bool one_thread;   /**< whoever did it when it was recorded */
} replay_options;

typedef struct replay_result {
  double seconds, processor_seconds;
  uint64_t checked;       /**< objects whose content was looked at */
  uint64_t peak_resident; /**< bytes above what was resident before; 0: the system doesn't tell */
} replay_result;

/** Replays a trace. A failure is told on stderr and ends the program with status 1. */
replay_result replay_run(const trace *t, const target *on, replay_options options);

/** Fill an object, and compare: the first byte that differs, or `size`. The size is that of a prefix. */
void content_fill(void *object, size_t size, uint32_t number);
size_t content_compare(const void *object, size_t size, uint32_t number);
unsigned char content_byte(size_t position, uint32_t number);

#endif
