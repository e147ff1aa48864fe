/* A thread has returned an object, and nobody has joined it yet. Another one's was joined, and is lost. */
#include "leaks.h"
#include <dirent.h>
static void *make(void *size) { return malloc((size_t)size); }
static APART void run(void) {
  pthread_t waiting, joined;
  void *result;
  pthread_create(&waiting, NULL, make, (void *)KEPT);
  pthread_create(&joined, NULL, make, (void *)LOST);
  pthread_join(joined, &result);
}
static APART int threads(void) {
  int count = -2; /* . and .. */
  DIR *folder = opendir("/proc/self/task");
  while (readdir(folder)) count++;
  closedir(folder);
  return count;
}
int main(void) {
  run();
  while (threads() > 1) usleep(1000);
  return ready(1);
}
