/* The text form of a trace, for people and tests. One event a line; what follows // is a comment.
 *
 *     t0 start
 *     t0 #1 = malloc 64
 *     t0 #2 = calloc 100
 *     t0 #3 = aligned 256 1000          alignment, size
 *     t0 #4 = realloc #1 128
 *     t0 failed = malloc 1099511627776  got no memory
 *     t1 free #4
 *     t1 free #3+8                      into an object
 *     t1 free foreign+4096              what was never an object
 *     t1 misuse 9 #3+8                  was reported of the operation before
 *     t1 refused 11 #2                  was reported, of no operation
 *     t1 stop
 *     end 7 1164                        operations, peak
 *
 * The reader takes any numbers of objects that differ, from 1. It starts threads by itself, and counts for the end what
 * there is; a trace without one is that of a program that was ended from outside. */
#include "trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const names[] = {
    [TRACE_START] = "start",   [TRACE_STOP] = "stop",       [TRACE_MALLOC] = "malloc",
    [TRACE_CALLOC] = "calloc", [TRACE_ALIGNED] = "aligned", [TRACE_REALLOC] = "realloc",
    [TRACE_FREE] = "free",     [TRACE_MISUSE] = "misuse",   [TRACE_REFUSED] = "refused"};
enum { NAMES = sizeof names / sizeof *names };

static int pointer_text(const trace_event *e, char *out, size_t size) {
  char object[16] = "foreign";
  if (e->pointer != 0) snprintf(object, sizeof object, "#%u", e->pointer);
  if (e->offset == 0) return snprintf(out, size, "%s", object);
  return snprintf(out, size, "%s%+lld", object, (long long)e->offset);
}

size_t text_event(const trace_event *e, char *out, size_t size) {
  char made[24] = "", pointer[48] = "";
  if (e->failed) snprintf(made, sizeof made, "failed = ");
  else if (trace_makes_object(e)) snprintf(made, sizeof made, "#%u = ", e->object);
  pointer_text(e, pointer, sizeof pointer);
  int length = snprintf(out, size, "t%u %s%s", e->thread, made, names[e->kind]);
  char *rest = out + length;
  size_t left = size - (size_t)length;
  unsigned long long number = e->size;
  switch (e->kind) {
  case TRACE_MALLOC:
  case TRACE_CALLOC:
    length += snprintf(rest, left, " %llu", number);
    break;
  case TRACE_ALIGNED:
    length += snprintf(rest, left, " %llu %llu", 1ULL << e->shift, number);
    break;
  case TRACE_REALLOC:
    length += snprintf(rest, left, " %s %llu", pointer, number);
    break;
  case TRACE_FREE:
    length += snprintf(rest, left, " %s", pointer);
    break;
  case TRACE_MISUSE:
  case TRACE_REFUSED:
    length += snprintf(rest, left, " %llu %s", number, pointer);
    break;
  default:
    break;
  }
  return (size_t)length;
}

void text_write(const trace *t) {
  static char buffer[1 << 16];
  size_t count = 0;
  for (size_t i = 0; i <= t->count; i++) {
    char line[160];
    size_t length = 0;
    if (i < t->count) length = text_event(&t->events[i], line, sizeof line - 1);
    else if (t->has_end)
      length = (size_t)snprintf(line, sizeof line - 1, "end %llu %llu", (unsigned long long)t->end_operations,
                                (unsigned long long)t->end_peak);
    if (length > 0) line[length++] = '\n';
    if (count + length > sizeof buffer || i == t->count) {
      size_t done = 0;
      while (done < count) {
        ssize_t written = write(1, buffer + done, count - done);
        if (written < 0) _exit(2); /* nobody reads on */
        done += (size_t)written;
      }
      count = 0;
    }
    memcpy(buffer + count, line, length);
    count += length;
  }
  if (count > 0 && write(1, buffer, count) < 0) _exit(2);
}

/* The objects of a text by the numbers that it gives them. */
typedef struct numbering {
  uint32_t *objects; /**< 0: not yet */
  size_t capacity;
} numbering;

enum { MOST_NUMBER = 1 << 28 };

typedef struct text_reader {
  const char *path;
  size_t line;
  char *next; /**< in the line */
  numbering numbers;
  bool *started;
} text_reader;

static _Noreturn void refuse_line(const text_reader *r, const char *why) {
  refuse("%s: line %zu: %s", r->path, r->line, why);
}

static char *next_word(text_reader *r) {
  char *word = r->next + strspn(r->next, " \t\r");
  size_t length = strcspn(word, " \t\r");
  r->next = word + length;
  if (*r->next != 0) *r->next++ = 0;
  return word;
}

static uint64_t word_number(text_reader *r, const char *word) {
  char *end;
  unsigned long long number = strtoull(word, &end, 10);
  if (word[0] < '0' || word[0] > '9' || *end != 0) refuse_line(r, "a number is missing");
  return number;
}

static uint32_t word_object(text_reader *r, const char *digits, char **end) {
  unsigned long number = strtoul(digits, end, 10);
  if (*end == digits || number == 0 || number >= MOST_NUMBER) refuse_line(r, "not the number of an object, from 1");
  return (uint32_t)number;
}

static void text_pointer(text_reader *r, trace_event *e) {
  char *word = next_word(r), *end;
  if (word[0] == '#') {
    e->pointer = r->numbers.objects[word_object(r, word + 1, &end)];
    if (e->pointer == 0) refuse_line(r, "this object is not made before");
  } else if (strncmp(word, "foreign", 7) == 0) end = word + 7;
  else refuse_line(r, "a pointer is missing");
  char *rest = end;
  if (*end == '+' || *end == '-') e->offset = strtoll(end, &rest, 10);
  if (*rest != 0) refuse_line(r, "not a pointer");
  if (e->pointer == 0 && e->offset == 0) refuse_line(r, "foreign without an address");
}

static void read_event(text_reader *r, trace *t, char *word) {
  trace_event e = {0};
  if (word[0] != 't') refuse_line(r, "no thread at its start");
  uint64_t thread = word_number(r, word + 1);
  if (thread >= TRACE_MOST_THREADS) refuse_line(r, "too many threads");
  e.thread = (uint32_t)thread;
  if (t->threads <= e.thread) t->threads = e.thread + 1;
  word = next_word(r);
  uint32_t *made = NULL;
  if (word[0] == '#' || strcmp(word, "failed") == 0) {
    char *end;
    if (word[0] == '#') {
      made = &r->numbers.objects[word_object(r, word + 1, &end)];
      if (*end != 0) refuse_line(r, "not an object");
      if (*made != 0) refuse_line(r, "an object of this number is made already");
    } else e.failed = true;
    if (strcmp(next_word(r), "=") != 0) refuse_line(r, "= is missing");
    word = next_word(r);
  }
  e.kind = TRACE_NOTHING;
  for (uint8_t i = 0; i < NAMES; i++)
    if (names[i] != NULL && strcmp(names[i], word) == 0) e.kind = i;
  if (e.kind == TRACE_NOTHING) refuse_line(r, "unknown event");
  if (trace_makes_object(&e) != (made != NULL || e.failed))
    refuse_line(r, "an allocation makes an object, and nothing else does");
  bool is_started = r->started[e.thread];
  if (e.kind == TRACE_START && is_started) refuse_line(r, "the thread starts twice");
  if (e.kind != TRACE_START && !is_started) trace_append(t, (trace_event){.kind = TRACE_START, .thread = e.thread});
  r->started[e.thread] = true;

  if (e.kind == TRACE_ALIGNED) {
    uint64_t alignment = word_number(r, next_word(r));
    if (alignment == 0 || (alignment & (alignment - 1)) != 0) refuse_line(r, "an alignment is a power of two");
    e.shift = (uint8_t)__builtin_ctzll(alignment);
  }
  if (e.kind == TRACE_MISUSE) {
    trace_event *last = t->count == 0 ? NULL : &t->events[t->count - 1];
    if (last == NULL || last->thread != e.thread || !trace_is_operation(last))
      refuse_line(r, "a misuse after no operation");
    last->misused = true;
  }
  if (e.kind == TRACE_MISUSE || e.kind == TRACE_REFUSED) e.size = word_number(r, next_word(r));
  if (e.kind == TRACE_REALLOC || e.kind == TRACE_FREE || e.kind == TRACE_MISUSE || e.kind == TRACE_REFUSED)
    text_pointer(r, &e);
  if (trace_makes_object(&e)) e.size = word_number(r, next_word(r));
  if (made != NULL) e.object = *made = ++t->objects;
  if (*next_word(r) != 0) refuse_line(r, "something follows the event");
  trace_append(t, e);
}

trace text_read(const char *path) {
  trace t = {0};
  text_reader r = {.path = path, .started = pages(TRACE_MOST_THREADS)};
  r.numbers.objects = pages(MOST_NUMBER * sizeof(uint32_t));
  size_t count;
  char *text = (char *)file_read(path, &count);
  char line[256];
  for (size_t position = 0; position < count;) {
    const char *end = memchr(text + position, '\n', count - position);
    size_t length = end == NULL ? count - position : (size_t)(end - text) - position;
    r.line++;
    if (length >= sizeof line) refuse_line(&r, "too long");
    memcpy(line, text + position, length);
    line[length] = 0;
    position += length + 1;
    char *comment = strstr(line, "//");
    if (comment != NULL) *comment = 0;
    r.next = line;
    char *word = next_word(&r);
    if (strcmp(word, "end") == 0) t.has_end = true;
    else if (*word != 0 && t.has_end) refuse_line(&r, "something follows the end");
    else if (*word != 0) read_event(&r, &t, word);
  }
  release_pages(text, count);
  release_pages(r.numbers.objects, MOST_NUMBER * sizeof(uint32_t));
  release_pages(r.started, TRACE_MOST_THREADS);
  if (t.has_end) {
    trace_summary s = trace_summarize(&t);
    t.end_operations = s.operations;
    t.end_peak = s.peak_bytes;
  }
  return t;
}
