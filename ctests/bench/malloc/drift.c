// A server's days in seconds: the number of objects swells by day and shrinks at night, their sizes drift from 48 bytes
// to 12 KiB and back, and one object of fifty stays for days. It ends at night, after an hour of few calls, and prints
// its live and its resident bytes: what lies between is lost to holes. As in real servers, what a day leaves behind has
// the sizes of that day, and the next day has others.
#include "workload.h"
#include <time.h>
#include <unistd.h>

#define DAYS 6
#define HOURS 24
#define NIGHT_BYTES (12u << 20)
#define DAY_BYTES (72u << 20)
#define SLOTS (2u << 20)
#define LINGERING 50
#define LINGERING_DAYS 3

typedef struct set {
  slot *slots;
  size_t count, bytes;
} set;

static void add(set *set, size_t size) {
  if (set->count == SLOTS) die("too many objects");
  slot_fill(&set->slots[set->count++], size);
  set->bytes += size;
}

static void drop(set *set, size_t index) {
  set->bytes -= set->slots[index].size;
  slot_clear(&set->slots[index]);
  set->slots[index] = set->slots[--set->count];
}

static void set_start(set *set) {
  if ((set->slots = calloc(SLOTS, sizeof *set->slots)) == NULL) die("out of memory");
}

// Sizes about a mean that drifts by a doubling every three hours, up and down, no two days in step.
static size_t drifting_size(uint64_t *random, unsigned hour) {
  unsigned step = hour % 49 / 3, doubling = step < 8 ? step : 16 - step;
  return random_between(random, (size_t)24 << doubling, (size_t)72 << doubling);
}

static size_t resident(void) {
  FILE *file = fopen("/proc/self/statm", "r");
  size_t all = 0, pages = 0;
  if (file == NULL || fscanf(file, "%zu %zu", &all, &pages) != 2) die("no /proc/self/statm");
  fclose(file);
  return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void hour_of_load(set *live, set *lingering, uint64_t *random, unsigned hour) {
  // A triangle: most at noon.
  unsigned of_day = hour % HOURS, from_noon = of_day < 12 ? 12 - of_day : of_day - 12;
  size_t wanted = DAY_BYTES - (size_t)(DAY_BYTES - NIGHT_BYTES) / 12 * from_noon;
  for (size_t left = share_of((size_t)DAY_BYTES / 4); left > 0;) {
    size_t size = drifting_size(random, hour);
    add(random_below(random, LINGERING) == 0 ? lingering : live, size);
    left -= size < left ? size : left;
    while (live->bytes > wanted) drop(live, random_below(random, live->count));
  }
  while (live->bytes > wanted) drop(live, random_below(random, live->count));
  // A share of what lingers goes each hour, so that it stays for about that many days.
  for (size_t i = lingering->count / (LINGERING_DAYS * HOURS); i > 0; i--)
    drop(lingering, random_below(random, lingering->count));
}

int main(int argc, char **argv) {
  workload_start(argc, argv);
  uint64_t random = random_start(0);
  set live = {0}, lingering = {0};
  set_start(&live);
  set_start(&lingering);
  size_t before = resident();
  for (unsigned hour = 0; hour < DAYS * HOURS; hour++) hour_of_load(&live, &lingering, &random, hour);
  // The last hour: a call now and then, for as long as any malloc waits before it returns memory.
  for (int i = 0; i < 300; i++) {
    add(&live, 100);
    drop(&live, random_below(&random, live.count));
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
  }
  printf("live %zu resident %zu before %zu\n", live.bytes + lingering.bytes, resident(), before);
  slots_clear(live.slots, live.count);
  slots_clear(lingering.slots, lingering.count);
  free(live.slots);
  free(lingering.slots);
  return 0;
}
