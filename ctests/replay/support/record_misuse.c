/* To be recorded: some work, and then an object that is freed twice. Given an argument, an inner pointer. */
#include <stdlib.h>

int main(int count, char **arguments) {
  (void)arguments;
  void *kept[64] = {NULL};
  for (unsigned i = 0; i < 3000; i++) {
    unsigned place = i * 7919 % 64;
    free(kept[place]);
    kept[place] = i % 5 == 0 ? calloc(1, 40 + i % 300) : malloc(40 + i % 300);
  }
  free(kept[11]);
  free(kept[30]);
  free(kept[31]);
  free(count > 1 ? (char *)kept[12] + 8 : kept[30]);
  return 0;
}
