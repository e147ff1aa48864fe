// The example kernel's course, from the memory map to the exit.
#include "lock.h"

static const char *command_line;
static atomic_size_t failures;
static atomic_uint arrived;

bool command_line_is(const char *text) {
  const char *line = command_line;
  while (*text != 0 && *text == *line) text++, line++;
  return *text == *line;
}

void check_that(bool holds, const char *what) {
  if (holds) return;
  failures++;
  print("FAIL: it does not hold that %s\n", what);
}

void all_cpus_meet(void) {
  unsigned meeting = arrived++ / CPU_COUNT;
  while (arrived / CPU_COUNT == meeting) machine_pause();
}

static void run_cpu(unsigned cpu) {
  all_cpus_meet();
  if (command_line_is("measure")) {
    if (cpu == 0) measure_run();
    return;
  }
  machine_start_timer();
  tasks_run(cpu);
  machine_stop_timer();
  timer_finish();
  all_cpus_meet();
}

_Noreturn void kernel_join(void) {
  if (command_line_is("measure")) measure_prepare_other();
  run_cpu(machine_cpu());
  machine_halt();
}

_Noreturn void kernel_main(struct memory_map *map, const char *options) {
  command_line = options;
  size_t bytes = 0;
  for (size_t i = 0; i < map->count; i++) {
    print("memory %lx to %lx\n", map->ranges[i].start, map->ranges[i].end - 1);
    bytes += map->ranges[i].end - map->ranges[i].start;
  }
  print("%zu KiB of memory in %zu ranges\n", bytes / 1024, map->count);

  if (command_line_is("fault=hang")) print("hanging\n");
  while (command_line_is("fault=hang")) machine_pause();
  if (command_line_is("fault=swift-early")) swift_run_batch(0, 0);
  check_that(memory_start(map), "the memory suffices");
  if (failures == 0) {
    uint64_t free_before = memory_free();
    self_test();
    timer_prepare();
    machine_start_cpus();
    run_cpu(0);
    if (!command_line_is("measure")) {
      tasks_report();
      timer_report();
    }
    memory_stop();
    check_that(memory_free() == free_before, "all memory is free again");
  }
  if (command_line_is("fault=exception")) __builtin_trap();
  print(failures == 0 ? "PASS\n" : "%zu checks failed\n", failures);
  machine_exit(failures == 0 ? 0 : EXIT_FAILED);
}

_Noreturn void kernel_panic(uintptr_t cause, uintptr_t address) {
  print("FAIL: exception %lu at %lx on CPU %u\n", cause, address, machine_cpu());
  machine_exit(EXIT_FAILED);
}
