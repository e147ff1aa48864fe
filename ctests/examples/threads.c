/* Objects go from thread to thread: two allocate, two others free what those allocated. */
#include <inttypes.h>
#include <pthread.h>
#include <slabmalloc.h>
#include <stdio.h>
#include <unistd.h>

enum { PAIRS = 2, COUNT = 100000 };

struct message {
  uint64_t number;
  char text[40];
};

static int ends[2]; /* a pipe of pointers */
static uint64_t sums[PAIRS];

static void *produce(void *failed) {
  for (uint64_t i = 1; i <= COUNT; i++) {
    struct message *message = slm_malloc(sizeof *message);
    if (message != NULL) *message = (struct message){.number = i};
    if (message == NULL || write(ends[1], &message, sizeof message) != sizeof message) return failed;
  }
  return NULL;
}

static void *consume(void *sum) {
  for (struct message *message; read(ends[0], &message, sizeof message) == sizeof message; slm_free(message))
    *(uint64_t *)sum += message->number;
  return NULL;
}

static void print_ledger(const char *when) {
  slm_process_usage now = {.struct_size = sizeof now};
  slm_process_statistics(&now);
  printf("%-14s %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 "\n", when,
         (now.bytes_taken - now.bytes_given_back) >> 10, now.bytes_slabs >> 10, now.bytes_metadata >> 10,
         now.bytes_retained >> 10, now.bytes_clean >> 10);
}

int main(void) {
  pthread_t threads[2 * PAIRS];
  if (pipe(ends) != 0) return 1;
  for (int i = 0; i < 2 * PAIRS; i++) {
    if (pthread_create(&threads[i], NULL, i < PAIRS ? produce : consume, &sums[i % PAIRS]) != 0) return 1;
  }
  for (int i = 0; i < 2 * PAIRS; i++) {
    void *problem = NULL;
    pthread_join(threads[i], &problem);
    if (problem != NULL) return 1;
    if (i == PAIRS - 1) close(ends[1]); /* the consumers end when they have read everything */
  }
  printf("%d messages, the sum of their numbers is %" PRIu64 "\n", PAIRS * COUNT, sums[0] + sums[1]);
  printf("%-14s %8s %8s %8s %8s %8s\n", "KiB", "held", "slabs", "metadata", "retained", "clean");
  print_ledger("threads ended");
  slm_process_purge();
  print_ledger("purged");
  return 0;
}
