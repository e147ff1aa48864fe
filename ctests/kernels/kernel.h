// The example kernel: what its files know of each other. A machine's folder has the functions named machine_*.
#ifndef KERNEL_H
#define KERNEL_H

#include "config.h"
#include <slabmalloc.h>
#include <slabmalloc/port.h>

// What the kernel exits with if a check fails; 0 if none does. QEMU's own errors are 1.
#define EXIT_FAILED 3

// --- The machine -------------------------------------------------------------------------------------------------

// Usable memory, by address. Ranges don't overlap.
#define MEMORY_RANGES 16
struct memory_range {
  uintptr_t start, end;
};
struct memory_map {
  size_t count;
  struct memory_range ranges[MEMORY_RANGES];
};

// Number of the CPU that runs this: 0 to CPU_COUNT - 1.
unsigned machine_cpu(void);
// Makes the other CPUs run kernel_join().
void machine_start_cpus(void);
// Lets this CPU's timer interrupt it about 1000 times a second: timer_tick().
void machine_start_timer(void);
void machine_stop_timer(void);
// Writes a character on the serial line.
void machine_write(char character);
// Ends the machine; QEMU exits with a status made of this one.
_Noreturn void machine_exit(int status);
// In a loop that waits.
void machine_pause(void);
// Sleeps for ever.
_Noreturn void machine_halt(void);
// Instructions executed until now, if QEMU counts them (-icount shift=0).
uint64_t machine_instructions(void);

// What the machine's start calls, on CPU 0 and then on the others.
_Noreturn void kernel_main(struct memory_map *map, const char *command_line);
_Noreturn void kernel_join(void);
// What an exception calls.
_Noreturn void kernel_panic(uintptr_t cause, uintptr_t address);

// Ranges are added in any order. What is removed is cut out of the ranges, which may make one more.
void map_add(struct memory_map *map, uintptr_t start, uintptr_t end);
void map_remove(struct memory_map *map, uintptr_t start, uintptr_t end);
// The start and the end of the kernel in memory, from the linker script.
extern char kernel_image_start[], kernel_image_end[];

// Fills in the map from a flattened device tree, and finds its command line ("" if it has none).
bool devicetree_read(const void *tree, struct memory_map *map, const char **command_line);

// --- The kernel ---------------------------------------------------------------------------------------------------

// main.c. Whether this is the kernel's command line: "fault=..." plants a fault, to see that the checks find it.
bool command_line_is(const char *text);
// A check that fails is printed, and counted; the kernel then exits with EXIT_FAILED.
void check_that(bool holds, const char *what);
// Waits until every CPU is here.
void all_cpus_meet(void);

// console.c. Takes %s, %u, %lu, %zu, %lx; a width before u pads with spaces. A call's text is written in one piece.
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

// memory.c. The heap, and the region that its page frames come from.
extern slm_zone *heap;
extern slm_region *frames;
bool memory_start(struct memory_map *map);
// The largest object that tasks allocate: a small machine has no whole 2 MiB for large pages.
size_t memory_largest_object(void);
// Prints and returns how many bytes of page frames are free.
uint64_t memory_free(void);
// Ends the heap, and checks that every page frame came back.
void memory_stop(void);

// self_test.c
void self_test(void);

// timer.c
void timer_prepare(void);
void timer_tick(void);
void timer_finish(void);
void timer_report(void);

// tasks.c and tasks.swift. What each CPU does: objects of C and of Swift go from CPU to CPU.
void tasks_run(unsigned cpu);
void tasks_report(void);
void swift_run_batch(unsigned cpu, unsigned batch);
void swift_take_all(void);
void swift_made(unsigned cpu);
void swift_freed(unsigned cpu, unsigned made_by);

// measure.c. What the first CPU does to measure, and the other before.
void measure_run(void);
void measure_prepare_other(void);

// A random number; the state may not be 0.
static inline uint64_t random_next(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state * 0x2545f4914f6cdd1d;
}

// --- Places where objects wait for another CPU -------------------------------------------------------------------

#define EXCHANGE_PLACES 64
// Puts an object there, and takes what was there.
void *exchange_c(unsigned place, void *object);
void *exchange_swift(unsigned place, void *object);

#endif
