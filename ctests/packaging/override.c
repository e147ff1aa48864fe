/* A program whose malloc is the override object that is linked into it. Exit status 0 if a double free is noticed by
 * it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *(*volatile allocate)(size_t) = malloc;
static void (*volatile release)(void *) = free;

int main(void) {
  for (size_t size = 1; size < 1 << 20; size *= 3) {
    char *object = allocate(size);
    memset(object, 1, size);
    release(object);
  }
  int to_parent[2];
  if (pipe(to_parent) != 0) return 1;
  pid_t child = fork();
  if (child == 0) {
    dup2(to_parent[1], 2);
    void *object = allocate(40);
    release(object);
    release(object);
    _exit(2);
  }
  close(to_parent[1]);
  char line[200] = "";
  ssize_t length = read(to_parent[0], line, sizeof line - 1);
  int status;
  waitpid(child, &status, 0);
  if (length <= 0 || strncmp(line, "slabmalloc: double free of 0x", 29) != 0) return 3;
  if (strstr(line, "(size class 48)") == NULL) return 4;
  return WIFSIGNALED(status) ? 0 : 5;
}
