/* A fork while another thread is in a zone for any thread: its lock stays held in the child, which waits for it until a
 * timer ends it. */
#include "../support/zone.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

static slm_zone_storage storage;
static atomic_bool is_over;

static void *keep_busy(void *zone) {
  while (!atomic_load(&is_over)) require(slm_zone_deallocate(zone, slm_zone_allocate(zone, 64)) == SLM_OK);
  return NULL;
}

int main(void) {
  expect_text("the child waits");
  slm_options options = shared_options(SLM_ANY_THREAD, 0, slm_mmap_provider());
  slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
  pthread_t thread;
  require(zone != NULL && pthread_create(&thread, NULL, keep_busy, zone) == 0);
  /* The thread is in the zone about half of the time. */
  int status = 0;
  for (int i = 0; i < 1000 && status == 0; i++) {
    pid_t child = fork();
    require(child >= 0);
    if (child == 0) {
      alarm(2);
      _exit(slm_zone_deallocate(zone, slm_zone_allocate(zone, 64)) == SLM_OK ? 0 : 1);
    }
    require(waitpid(child, &status, 0) == child);
  }
  answer_text(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? "the child waits" : "no child waits");
  atomic_store(&is_over, true);
  require(pthread_join(thread, NULL) == 0);
  size_t live = 1;
  return slm_zone_destroy(zone, &live) == SLM_OK && live == 0 ? 0 : 5;
}
