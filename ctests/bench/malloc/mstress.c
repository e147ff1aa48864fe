// Threads that keep some objects, drop others soon and exchange a few with each other, after the stress test of
// mimalloc (D. Leijen, B. Zorn, L. de Moura, "Mimalloc: Free List Sharding in Action", 2019). Threads start and end
// with each iteration; what lies in the exchange lives on.
#include "workload.h"
#include <stdatomic.h>

#define ITERATIONS 120
#define ALLOCATIONS 50000
#define EXCHANGES 1000

// An object that comes through the exchange tells its size itself, behind the stamp.
typedef struct object {
  uint64_t stamp;
  size_t size;
} object;

static _Atomic(object *) exchange[EXCHANGES];
static size_t iteration;

// Words: mostly few, seldom hundreds, very seldom thousands.
static object *object_make(uint64_t *random) {
  size_t size = 16 + (sizeof(uint64_t) << random_below(random, 6)) + random_below(random, 64);
  size_t dice = random_below(random, 1000);
  if (dice == 0) size *= 200;
  else if (dice < 20) size *= 20;
  object *made = allocate(size);
  made->size = size;
  return made;
}

static void object_drop(object *object) {
  if (object != NULL) deallocate(object, object->size);
}

static void *stress(void *argument) {
  uint64_t random = random_start(iteration * THREADS_MAX + (uintptr_t)argument);
  size_t count = share_of(ALLOCATIONS), kept_count = 0, short_count = 0;
  object **kept = malloc(count * sizeof *kept), **short_lived = malloc(count * sizeof *short_lived);
  if (kept == NULL || short_lived == NULL) die("out of memory");
  for (size_t i = 0; i < count; i++) {
    object *made = object_make(&random);
    if (random_below(&random, 100) < 40) kept[kept_count++] = made;
    else short_lived[short_count++] = made;
    if (short_count > 0 && random_below(&random, 100) < 60) {
      size_t index = random_below(&random, short_count);
      object_drop(short_lived[index]);
      short_lived[index] = short_lived[--short_count];
    }
    if (short_count > 0 && random_below(&random, 100) < 20) {
      size_t index = random_below(&random, short_count);
      short_lived[index] = atomic_exchange(&exchange[random_below(&random, EXCHANGES)], short_lived[index]);
      if (short_lived[index] == NULL) short_lived[index] = short_lived[--short_count];
    }
  }
  for (size_t i = 0; i < kept_count; i++) object_drop(kept[i]);
  for (size_t i = 0; i < short_count; i++) object_drop(short_lived[i]);
  free(kept);
  free(short_lived);
  return NULL;
}

int main(int argc, char **argv) {
  workload_start(argc, argv);
  for (iteration = 0; iteration < ITERATIONS; iteration++) {
    threads_run(stress);
    // Now and then the exchange is emptied, by a thread that allocated none of it.
    if (iteration % 10 != 9) continue;
    for (size_t i = 0; i < EXCHANGES; i++) object_drop(atomic_exchange(&exchange[i], NULL));
  }
  return 0;
}
