// The call stack of a sample: where its calls return to, without those of this library.
//
// The unwinder needs thousands of instructions for a frame. A program samples the same stacks again and again, and most
// samples need none of that: of each stack that was unwound, this file keeps where on the stack its return addresses
// lie.
//
//     frame address ──> known stack    | slot 0 | slot 1 | ... |   each still holds its address: the same stack
//                                      | 0x55.. | 0x55.. | ... |       one does not: unwind
//
// The comparison is exact. A return address tells its function, and that tells where its caller's return address lies,
// in the same distance each time; the first slot has a fixed distance from this function's frame. Only a function that
// moves its stack pointer by a number of the program (alloca) could have the same addresses at the same places by
// another way. The stack is that of the same thread, so that each slot is memory.
//
// Rule: this allocates nothing, and waits for nobody: a thread that finds the table in use unwinds.
#define _GNU_SOURCE
#include "CSlabPort.h"

#if __STDC_HOSTED__ && defined(__linux__)
#include <dlfcn.h>
#include <link.h>
#include <unwind.h>

// As in CallStack.c.
int backtrace(void **addresses, int count);
#pragma weak backtrace
#pragma weak dlsym
extern const ElfW(Ehdr) __ehdr_start __attribute__((weak, visibility("hidden")));

// The code of this library. In a shared object it is what is executable. The archive and the object to link have their
// code in sections of this name, whose bounds the linker tells.
extern const char __start_slm_text[] __attribute__((weak, visibility("hidden")));
extern const char __stop_slm_text[] __attribute__((weak, visibility("hidden")));
static uintptr_t own_start, own_end;

enum { MOST_CALLS = 64, MOST_OWN = 16, MOST = MOST_CALLS + MOST_OWN };

typedef struct {
  uintptr_t thread, frame;
  int count;
  uintptr_t calls[MOST], slots[MOST];
} stack;

// The unwinder that backtrace() has loaded, under the names that tell where a frame lies.
static _Unwind_Reason_Code (*unwind)(_Unwind_Trace_Fn, void *);
static uintptr_t (*call_of)(struct _Unwind_Context *);
static uintptr_t (*frame_of)(struct _Unwind_Context *);

static void find_own_code(void) {
  if (__start_slm_text != NULL) {
    own_start = (uintptr_t)__start_slm_text;
    own_end = (uintptr_t)__stop_slm_text;
    return;
  }
  if (&__ehdr_start == NULL) return;
  uintptr_t header = (uintptr_t)&__ehdr_start, own = (uintptr_t)&find_own_code;
  uintptr_t load = __ehdr_start.e_type == ET_DYN ? header : 0;
  const ElfW(Phdr) *segments = (const ElfW(Phdr) *)(header + __ehdr_start.e_phoff);
  for (size_t i = 0; i < __ehdr_start.e_phnum; i++) {
    uintptr_t start = load + segments[i].p_vaddr, end = start + segments[i].p_memsz;
    if (segments[i].p_type != PT_LOAD || own < start || own >= end) continue;
    own_start = start;
    own_end = end;
  }
}

static int is_prepared;

void slm_port_prepare_samples(void) {
  find_own_code();
#ifdef __x86_64__ // where a return address lies right below the frame of its caller
  // By its name: a linker warns of a static program that calls it, and such a program has none.
  void *(*open)(const char *, int) = NULL;
  if (dlsym != NULL) *(void **)&open = dlsym(RTLD_DEFAULT, "dlopen");
  void *library = open != NULL ? open("libgcc_s.so.1", RTLD_NOW | RTLD_NOLOAD) : NULL;
  if (library != NULL) {
    *(void **)&call_of = dlsym(library, "_Unwind_GetIP");
    *(void **)&frame_of = dlsym(library, "_Unwind_GetCFA");
    *(void **)&unwind = dlsym(library, "_Unwind_Backtrace");
    if (call_of == NULL || frame_of == NULL) unwind = NULL;
  }
#endif
  is_prepared = 1;
}

// Adds a frame of a stack. One whose return address is not where it should be is no known stack: its number is 0.
static _Unwind_Reason_Code add_frame(struct _Unwind_Context *context, void *argument) {
  stack *s = argument;
  uintptr_t call = call_of(context), slot = frame_of(context) - sizeof(uintptr_t);
  if (call == 0 || s->count == MOST) return _URC_END_OF_STACK;
  // What lies below is the unwinder's own.
  if (slot < s->frame) return _URC_NO_REASON;
  if (*(uintptr_t *)slot != call) s->thread = 0;
  s->calls[s->count] = call;
  s->slots[s->count++] = slot;
  return _URC_NO_REASON;
}

enum { SETS = 64, WAYS = 4 };
static stack known[SETS][WAYS];
static unsigned char next_way[SETS];
static int is_in_use;

static int take_table(void) { return !__atomic_exchange_n(&is_in_use, 1, __ATOMIC_ACQUIRE); }
static void release_table(void) { __atomic_store_n(&is_in_use, 0, __ATOMIC_RELEASE); }

static int is_same(const stack *s, uintptr_t thread, uintptr_t frame) {
  if (s->thread != thread || s->frame != frame) return 0;
  for (int i = 0; i < s->count; i++)
    if (*(const volatile uintptr_t *)s->slots[i] != s->calls[i]) return 0;
  return 1;
}

static size_t set_of(uintptr_t frame, uintptr_t thread) { return ((frame >> 4) * 31 + (thread >> 6)) % SETS; }

static int copy_calls(void *frames, int most, const uintptr_t *calls, int count) {
  int own = 0;
  while (own < count && calls[own] - own_start < own_end - own_start) own++;
  // A program of one file, such as a test of this library, is not told apart from it.
  if (own == count) own = 0;
  int rest = count - own < most ? count - own : most;
  memcpy(frames, calls + own, (size_t)rest * sizeof *calls);
  return rest;
}

__attribute__((noinline)) static int unwind_all(void *frames, int most, uintptr_t thread, uintptr_t frame) {
  stack s;
  if (unwind == NULL) {
    s.count = backtrace((void **)s.calls, MOST);
    return copy_calls(frames, most, s.calls, s.count);
  }
  s.thread = thread, s.frame = frame, s.count = 0;
  unwind(add_frame, &s);
  if (s.thread != 0 && take_table()) {
    size_t set = set_of(frame, thread);
    stack *place = &known[set][next_way[set]++ % WAYS];
    place->thread = s.thread, place->frame = s.frame, place->count = s.count;
    memcpy(place->calls, s.calls, (size_t)s.count * sizeof *s.calls);
    memcpy(place->slots, s.slots, (size_t)s.count * sizeof *s.slots);
    release_table();
  }
  return copy_calls(frames, most, s.calls, s.count);
}

__attribute__((noinline)) int slm_port_call_stack(void *frames, int most) {
  if (!is_prepared) return 0;
  uintptr_t thread = slm_port_thread(), frame = (uintptr_t)__builtin_frame_address(0);
  if (unwind != NULL && take_table()) {
    stack *ways = known[set_of(frame, thread)];
    for (int way = 0; way < WAYS; way++) {
      if (!is_same(&ways[way], thread, frame)) continue;
      int count = copy_calls(frames, most, ways[way].calls, ways[way].count);
      release_table();
      return count;
    }
    release_table();
  }
  return unwind_all(frames, most, thread, frame);
}
#endif
