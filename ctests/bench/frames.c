// Measures what the place of a zone's page frames costs: random replacement of 1500-byte objects, at 100 to 100,000
// pages. Under callgrind a row is counted. Else it is timed, in a process of its own, whose peak of resident memory is
// known. bench-frames.sh makes the tables.
//   frames [PAGES...]   prints "PAGE_KIB MODE PAGES PLACE NS FLOOR RESIDENT_KIB DIRECTORY_PAGES HELD_PAGES" for each
//                       row; FLOOR is the time to read the last bytes of two of the pages, without an allocator;
//                       PAGES: 100 1000 10000 100000
// MODE: pulled, pulled-large (the provider has pages of 2 MiB too), pushed.
#define _GNU_SOURCE
#include "frames.h"
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

#define COUNTED_STEPS 1000
#define STEPS 20000
#define ROUNDS 7

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static const struct mode {
  const char *name;
  bool has_large, is_pushed;
} modes[] = {{"pulled", false, false}, {"pulled-large", true, false}, {"pushed", false, true}};

static void read_pages(frames *f, size_t count) {
  for (size_t i = 0; i < 2 * count; i++) {
    uintptr_t last = (uintptr_t)f->live[random_below(f->live_count)] | (f->page_size - 1);
    (void)*(volatile unsigned char *)last;
  }
}

static void report(frames *f, const char *label, double time, double floor) {
  slm_statistics held = {.struct_size = sizeof held};
  if (slm_zone_statistics(f->zone, &held) != SLM_OK) die("statistics");
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("%s %.1f %.1f %ld %llu %llu\n", label, time, floor, usage.ru_maxrss, (unsigned long long)held.table_pages,
         (unsigned long long)(held.base_pages_taken - held.base_pages_given_back));
  fflush(stdout);
}

static void count_row(frames *f, const char *label) {
  frames_start(f);
  CALLGRIND_START_INSTRUMENTATION;
  CALLGRIND_ZERO_STATS;
  frames_replace(f, COUNTED_STEPS);
  CALLGRIND_DUMP_STATS_AT(label);
  CALLGRIND_STOP_INSTRUMENTATION;
  report(f, label, 0, 0);
  frames_end(f);
}

// A process with one row. It runs a round whenever it is told to, and ends after the last.
typedef struct process {
  pid_t id;
  int orders, answers;
} process;

static double time_of(void (*work)(frames *, size_t), frames *f) {
  double start = now();
  work(f, STEPS);
  return (now() - start) / STEPS;
}

static void time_row(frames *f, const char *label, process mine) {
  char byte = 0;
  double least = 0, floor = 0;
  frames_start(f);
  for (int i = 0; write(mine.answers, &byte, 1) == 1 && i < ROUNDS && read(mine.orders, &byte, 1) == 1; i++) {
    double time = time_of(frames_replace, f), read = time_of(read_pages, f);
    if (i == 0 || time < least) least = time;
    if (i == 0 || read < floor) floor = read;
  }
  if (read(mine.orders, &byte, 1) == 1) report(f, label, least, floor);
  _exit(0);
}

static process start_process(frames *f, const char *label) {
  int orders[2], answers[2];
  if (pipe(orders) != 0 || pipe(answers) != 0) die("no pipe");
  pid_t child = fork();
  if (child < 0) die("no process");
  if (child == 0) time_row(f, label, (process){0, orders[0], answers[1]});
  close(orders[0]);
  close(answers[1]);
  return (process){child, orders[1], answers[0]};
}

static void tell(process p) {
  if (write(p.orders, "", 1) != 1) die("a row ended early");
}
static void wait_for(process p) {
  char byte;
  if (read(p.answers, &byte, 1) != 1) die("a row failed");
}

// All places, with the same pages. When they are timed they take turns: what disturbs the machine hits all of them.
static void run_group(const struct mode *mode, size_t page_size, size_t pages) {
  static char labels[FRAMES_ROWS][96];
  process processes[FRAMES_ROWS];
  for (size_t r = 0; r < FRAMES_ROWS; r++) {
    snprintf(labels[r], sizeof labels[r], "%zu %s %zu %s", page_size >> 10, mode->name, pages, frames_rows[r].name);
    frames f = {.row = frames_rows[r],
                .page_size = page_size,
                .pages = pages,
                .has_large = mode->has_large,
                .is_pushed = mode->is_pushed};
    if (RUNNING_ON_VALGRIND) {
      count_row(&f, labels[r]);
    } else {
      processes[r] = start_process(&f, labels[r]);
      wait_for(processes[r]);
    }
  }
  if (RUNNING_ON_VALGRIND) return;
  for (int i = 0; i < ROUNDS; i++) {
    for (size_t r = 0; r < FRAMES_ROWS; r++) {
      tell(processes[r]);
      wait_for(processes[r]);
    }
  }
  for (size_t r = 0; r < FRAMES_ROWS; r++) {
    tell(processes[r]);
    int status;
    if (waitpid(processes[r].id, &status, 0) != processes[r].id || status != 0) die(labels[r]);
    close(processes[r].orders);
    close(processes[r].answers);
  }
}

int main(int argc, char **argv) {
  static const size_t page_sizes[] = {4096, 16384, 65536};
  static const char *const all[] = {"", "100", "1000", "10000", "100000"};
  const char *const *counts = argc > 1 ? (const char *const *)argv : all;
  int count = argc > 1 ? argc : 5;
  fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
  for (size_t s = 0; s < 3; s++) {
    for (size_t m = 0; m < sizeof modes / sizeof *modes; m++) {
      for (int n = 1; n < count; n++) run_group(&modes[m], page_sizes[s], strtoul(counts[n], NULL, 10));
    }
  }
  return 0;
}
