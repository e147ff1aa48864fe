/* A trace in memory. The file's format is in Sources/SlabMalloc/Hosted/TraceFormat.swift. Nothing here calls malloc:
 * that is what is tested. */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What a record is; the numbers are the file's. */
typedef enum trace_kind {
  TRACE_NOTHING,
  TRACE_START,
  TRACE_THREAD,
  TRACE_STOP,
  TRACE_MALLOC,
  TRACE_CALLOC,
  TRACE_ALIGNED,
  TRACE_REALLOC,
  TRACE_FREE,
  TRACE_FAILED,
  TRACE_MISUSE,
  TRACE_REFUSED,
  TRACE_END,
} trace_kind;

/** Bytes of a record are fewer than TRACE_MOST. */
enum { TRACE_VERSION = 1, TRACE_MOST = 32, TRACE_MOST_THREADS = 1 << 20 };

/** An event: one of the kinds but TRACE_NOTHING, TRACE_END, TRACE_THREAD and TRACE_FAILED, which are fields of others.
 * */
typedef struct trace_event {
  uint8_t kind;
  uint8_t shift;    /**< of the alignment */
  bool failed;      /**< gave no object when it was recorded */
  bool misused;     /**< a misuse was reported of it; that follows */
  uint32_t thread;  /**< as recorded */
  uint32_t pointer; /**< the object freed, reallocated or misused; 0: none */
  uint32_t object;  /**< the object made, from 1; 0: none */
  uint64_t size;    /**< of TRACE_MISUSE and TRACE_REFUSED: -status */
  int64_t offset;   /**< added to the pointer's address */
} trace_event;

typedef struct trace {
  trace_event *events;
  size_t count, capacity;
  uint32_t objects;
  uint32_t threads; /**< 1 + the largest number */
  bool has_end;     /**< the process came to its end */
  uint64_t end_operations, end_peak;
} trace;

/** What a trace comes to. */
typedef struct trace_summary {
  uint64_t operations, allocations, reallocations, frees, failed, misuses, threads;
  uint64_t live_objects, live_bytes, peak_bytes; /**< at the end, and the most at a time: bytes asked for */
} trace_summary;

static inline bool trace_makes_object(const trace_event *e) {
  return e->kind >= TRACE_MALLOC && e->kind <= TRACE_REALLOC;
}
static inline bool trace_is_operation(const trace_event *e) { return e->kind >= TRACE_MALLOC && e->kind <= TRACE_FREE; }

/** Zeroed memory from the system. Ends the program if there is none. */
void *pages(size_t bytes);
void release_pages(void *memory, size_t bytes);
/** Says what is wrong, printf-like, and ends the program with status 2. */
_Noreturn void refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Adds an event as it is. */
trace_event *trace_append(trace *t, trace_event event);
void trace_dispose(trace *t);
trace_summary trace_summarize(const trace *t);

/** Reads a file of any size; the bytes are of pages(). */
unsigned char *file_read(const char *path, size_t *count);
void file_write(const char *path, const void *bytes, size_t count);

/** Read and write the binary form. What is wrong with a file ends the program. */
trace trace_read(const char *path);
void trace_write(const trace *t, const char *path);

/** Read and write the text form. */
trace text_read(const char *path);
void text_write(const trace *t);
/** One event as a line without its end. Returns its length. */
size_t text_event(const trace_event *e, char *out, size_t size);

#endif
