// Prints the file whose malloc a program calls. The runner asks it of each library that it preloads.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
  Dl_info info;
  void *function = dlsym(RTLD_DEFAULT, "malloc"), *object = malloc(1);
  if (function == NULL || object == NULL || dladdr(function, &info) == 0) return 1;
  printf("%s\n", info.dli_fname);
  free(object);
  return 0;
}
