// After the benchmark of rpmalloc (M. Jansson, rpmalloc-benchmark): threads replace scattered objects of 16 to 16,000
// bytes, whose number falls linearly with the size, and every second loop they hand a part of them to the next thread.
#include "workload.h"
#include <stdatomic.h>

#define OBJECTS 1000
#define OPERATIONS 100
#define LOOPS 60000
#define HANDED 50
#define SIZE_LOW 16
#define SIZE_HIGH 16000

typedef struct parcel {
  slot slots[HANDED];
} parcel;

// One thread alone puts something into an inbox. It waits with the next parcel until the inbox is empty.
static _Atomic(parcel *) inboxes[THREADS_MAX];

static size_t random_size(uint64_t *random) {
  size_t a = random_between(random, SIZE_LOW, SIZE_HIGH), b = random_between(random, SIZE_LOW, SIZE_HIGH);
  return a < b ? a : b;
}

static void hand_over(slot *slots, uint64_t *random, _Atomic(parcel *) *inbox) {
  if (atomic_load(inbox) != NULL) return;
  parcel *sent = malloc(sizeof *sent);
  if (sent == NULL) die("out of memory");
  for (size_t i = 0; i < HANDED; i++) {
    slot *chosen = &slots[random_below(random, OBJECTS)];
    sent->slots[i] = *chosen;
    chosen->size = 0;
  }
  atomic_store(inbox, sent);
}

static void empty(_Atomic(parcel *) *inbox) {
  parcel *received = atomic_exchange(inbox, NULL);
  if (received == NULL) return;
  slots_clear(received->slots, HANDED);
  free(received);
}

static void *body(void *argument) {
  uintptr_t number = (uintptr_t)argument;
  uint64_t random = random_start(number);
  slot *slots = calloc(OBJECTS, sizeof *slots);
  if (slots == NULL) die("out of memory");
  size_t loops = share_of(LOOPS);
  for (size_t loop = 0; loop < loops; loop++) {
    for (size_t i = 0; i < OPERATIONS; i++) slot_replace(&slots[random_below(&random, OBJECTS)], random_size(&random));
    if (loop % 2 == 1) hand_over(slots, &random, &inboxes[(number + 1) % thread_count]);
    empty(&inboxes[number]);
  }
  slots_clear(slots, OBJECTS);
  free(slots);
  return NULL;
}

int main(int argc, char **argv) {
  workload_start(argc, argv);
  threads_run(body);
  for (unsigned i = 0; i < thread_count; i++) empty(&inboxes[i]);
  return 0;
}
