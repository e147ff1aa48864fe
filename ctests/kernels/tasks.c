// Objects that go from CPU to CPU, each with a content that tells if anything else wrote there.
#include "lock.h"

// After each batch the CPUs meet, so that none is done before another starts.
#define BATCHES 10
#define ROUNDS 2000

struct object {
  size_t size;
  uint64_t seed;
  unsigned cpu;
};

// By the CPU that did it.
static struct {
  unsigned long allocated, freed, freed_for_others, refused;
  unsigned long swift_made, swift_freed, swift_freed_for_others;
} done[CPU_COUNT];

void swift_made(unsigned cpu) { done[cpu].swift_made++; }
void swift_freed(unsigned cpu, unsigned made_by) {
  done[cpu].swift_freed++;
  if (made_by != cpu) done[cpu].swift_freed_for_others++;
}

static _Atomic(void *) places[2][EXCHANGE_PLACES];
void *exchange_c(unsigned place, void *object) { return atomic_exchange(&places[0][place], object); }
void *exchange_swift(unsigned place, void *object) { return atomic_exchange(&places[1][place], object); }

// The bytes behind the struct follow from the seed.
static unsigned char content(const struct object *object, size_t index) {
  return (unsigned char)(object->seed + index * 31);
}

static struct object *make(unsigned cpu, uint64_t *random) {
  // One in 64 is large, where the machine has memory for that.
  size_t limit = random_next(random) % 64 == 0 ? memory_largest_object() : 1024;
  size_t size = sizeof(struct object) + random_next(random) % (limit - sizeof(struct object)) + 1;
  struct object *object = slm_zone_allocate(heap, size);
  if (object == NULL) {
    done[cpu].refused++;
    return NULL;
  }
  *object = (struct object){size, random_next(random), cpu};
  for (size_t i = sizeof *object; i < size; i++) ((unsigned char *)object)[i] = content(object, i);
  done[cpu].allocated++;
  return object;
}

static void take(unsigned cpu, struct object *object) {
  if (object == NULL) return;
  size_t wrong = 0;
  for (size_t i = sizeof *object; i < object->size; i++) {
    if (((unsigned char *)object)[i] != content(object, i)) wrong++;
  }
  check_that(wrong == 0, "an object is as it was made");
  if (object->cpu != cpu) done[cpu].freed_for_others++;
  done[cpu].freed++;
  check_that(slm_zone_deallocate_sized(heap, object, object->size) == SLM_OK, "an object is freed");
}

static void run_batch(unsigned cpu, uint64_t *random) {
  for (unsigned round = 0; round < ROUNDS; round++) {
    take(cpu, exchange_c((unsigned)random_next(random) % EXCHANGE_PLACES, make(cpu, random)));
  }
}

void tasks_run(unsigned cpu) {
  uint64_t random = 0x9e3779b97f4a7c15 + cpu;
  for (unsigned batch = 0; batch < BATCHES; batch++) {
    run_batch(cpu, &random);
    swift_run_batch(cpu, batch);
    all_cpus_meet();
  }
  if (cpu != 0) return;
  for (unsigned place = 0; place < EXCHANGE_PLACES; place++) {
    struct object *object = exchange_c(place, NULL);
    if (object != NULL && command_line_is("fault=corruption")) ((unsigned char *)object)[object->size - 1] ^= 1;
    take(cpu, object);
  }
  swift_take_all();
  if (command_line_is("fault=swift-double-free")) {
    void *object = NULL;
    slm_swift_heap_allocate(16, 100, &object);
    slm_swift_heap_free(object);
    slm_swift_heap_free(object);
  }
  if (command_line_is("fault=leak")) {
    slm_page_provider provider = slm_region_provider(frames);
    provider.allocate_page(provider.context, 4096);
  }
}

void tasks_report(void) {
  unsigned long allocated = 0, freed = 0, made = 0, let_go = 0;
  for (unsigned cpu = 0; cpu < CPU_COUNT; cpu++) {
    print("CPU %u: %lu objects allocated, %lu freed, of them %lu of another CPU; %lu refused\n", cpu,
          done[cpu].allocated, done[cpu].freed, done[cpu].freed_for_others, done[cpu].refused);
    print("CPU %u: %lu Swift objects made, %lu let go, of them %lu of another CPU\n", cpu, done[cpu].swift_made,
          done[cpu].swift_freed, done[cpu].swift_freed_for_others);
    check_that(done[cpu].freed_for_others > 0, "CPUs free each other's objects");
    check_that(done[cpu].swift_freed_for_others > 0, "CPUs let go of each other's Swift objects");
    made += done[cpu].swift_made;
    let_go += done[cpu].swift_freed;
    allocated += done[cpu].allocated;
    freed += done[cpu].freed;
  }
  check_that(allocated == freed, "every object is freed");
  check_that(made == let_go, "every Swift object is let go");
}
