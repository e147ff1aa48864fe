/* A second preloaded object, which tells who served a program's malloc: as it is loaded it appends a line to the file
 * that WITNESS names, with the name of the program and the path of the library that its malloc and free come from. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** The path of the object that defines the function at this address, or NULL. In a program at a fixed address that may
 * be the program itself, with nothing but a jump to the real function. */
static const char *definer_of(const void *address, const char **base) {
  Dl_info info;
  const ElfW(Sym) *symbol = NULL;
  if (address == NULL || dladdr1(address, &info, (void **)&symbol, RTLD_DL_SYMENT) == 0) return NULL;
  *base = info.dli_fbase;
  return symbol != NULL && symbol->st_shndx == SHN_UNDEF ? NULL : info.dli_fname;
}

/** The path of the object that serves the program's calls of a function. */
static const char *library_of(const char *function) {
  const char *base, *path = definer_of(dlsym(RTLD_DEFAULT, function), &base);
  if (path != NULL) return path;
  /* The first library that has it, in the order in which the loader looks them up. */
  for (struct link_map *map = _r_debug.r_map->l_next; map != NULL && path == NULL; map = map->l_next) {
    void *handle = dlopen(map->l_name, RTLD_LAZY | RTLD_NOLOAD);
    if (handle == NULL) continue;
    if (definer_of(dlsym(handle, function), &base) != NULL && base == (const char *)map->l_addr) path = map->l_name;
    dlclose(handle);
  }
  return path == NULL ? "nowhere" : path;
}

__attribute__((constructor)) static void testify(void) {
  const char *path = getenv("WITNESS");
  if (path == NULL) return;
  char line[1024];
  const char *library = library_of("malloc");
  if (strcmp(library, library_of("free")) != 0) library = "two-libraries";
  int length = snprintf(line, sizeof line, "%s %s\n", program_invocation_short_name, library);
  int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) return;
  /* One write, so that the lines of programs that run at the same time stay whole. */
  if (length <= 0 || write(file, line, (size_t)length) != length) abort();
  close(file);
}
