/* A double free: by the parent, then by the child of fork(). */
#include "../support/misuse.h"

#include <sys/wait.h>
#include <unistd.h>

int main(void) {
  char *object = make_object(SMALL);
  expect_double_free(object);
  free(object);
  pid_t pid = fork();
  if (pid == 0) {
    free(opaque(object));
    _exit(1);
  }
  int status;
  if (waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) abort();
  return 1;
}
