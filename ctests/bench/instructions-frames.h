// Random replacement at 100 and at 100,000 pages, for each place of the page frames: rows of instructions.c. They cost
// the same, within a limit of the growth: the page directory spreads pages wherever they lie. Rows with CPUs are those
// of frames.c alone.
#include "frames.h"

#define FRAMES_STEPS 2000

static void count_frames_of(const frames_row *row, size_t pages) {
  char workload[48];
  snprintf(workload, sizeof workload, "frames-%s", row->name);
  frames f = {.row = *row, .page_size = 4096, .pages = pages};
  CALLGRIND_STOP_INSTRUMENTATION; // some hundred million instructions
  frames_start(&f);
  CALLGRIND_START_INSTRUMENTATION;
  CALLGRIND_ZERO_STATS;
  frames_replace(&f, FRAMES_STEPS);
  dump_calls(workload, pages, FRAMES_STEPS);
  frames_end(&f);
}

static void count_frames(void) {
  for (size_t i = 0; i < FRAMES_ROWS; i++) {
    if (frames_rows[i].place == FRAMES_OF_CPUS || frames_rows[i].place == FRAMES_BETWEEN_CPUS) continue;
    count_frames_of(&frames_rows[i], 100);
    count_frames_of(&frames_rows[i], 100000);
  }
}
