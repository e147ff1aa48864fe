// The timer interrupt allocates and frees. It never takes a page: a handler may not wait for the page provider.
#include "kernel.h"

#define HELD 8

// [timer
#define PACKET 1500

struct note {
  size_t size;
  unsigned long tick;
  unsigned char content[];
};

static struct {
  struct note *held[HELD];
  unsigned long ticks, allocated, refused;
} timers[CPU_COUNT];

// Before the timers start: what they cannot do without is reserved.
void timer_prepare(void) {
  check_that(slm_zone_reserve(heap, 16, PACKET, CPU_COUNT * HELD) == SLM_OK, "packets are reserved");
}

static void drop(struct note *note) {
  if (note == NULL) return;
  check_that(note->content[note->size - sizeof *note - 1] == (unsigned char)note->tick, "a note is as it was made");
  check_that(slm_zone_deallocate_sized(heap, note, note->size) == SLM_OK, "a handler frees");
}

void timer_tick(void) {
  unsigned cpu = machine_cpu();
  unsigned long tick = timers[cpu].ticks++;
  struct note **held = &timers[cpu].held[tick % HELD];
  drop(*held);

  // Every other object is of a size that is reserved. The others may be refused: then a handler goes without.
  size_t size = tick % 2 == 0 ? PACKET : sizeof(struct note) + 1 + tick % 900;
  void *note = NULL;
  slm_status status = slm_zone_allocate_with(heap, 16, size, SLM_NOWAIT, &note);
  check_that(status == SLM_OK || (status == SLM_ERR_OUT_OF_MEMORY && size != PACKET), "a reserve is not refused");
  *held = note;
  if (note == NULL) {
    timers[cpu].refused++;
    return;
  }
  timers[cpu].allocated++;
  (*held)->size = size;
  (*held)->tick = tick;
  (*held)->content[size - sizeof(struct note) - 1] = (unsigned char)tick;
}
// timer]

// After this CPU's timer has stopped.
void timer_finish(void) {
  for (size_t i = 0; i < HELD; i++) drop(timers[machine_cpu()].held[i]);
}

void timer_report(void) {
  for (unsigned cpu = 0; cpu < CPU_COUNT; cpu++) {
    print("CPU %u: %lu interrupts, %lu objects allocated in them, %lu refused\n", cpu, timers[cpu].ticks,
          timers[cpu].allocated, timers[cpu].refused);
    check_that(timers[cpu].allocated > 0, "every timer allocates");
  }
}
