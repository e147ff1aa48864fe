/* A program that says when it has allocated, and waits. A core dump of it has the text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *volatile kept, *volatile kept_large;

int main(void) {
  kept = strcpy(malloc(100), "a small object");
  kept_large = strcpy(malloc(1 << 20), "a large object");
  puts("ready");
  fflush(stdout);
  pause();
  return 0;
}
