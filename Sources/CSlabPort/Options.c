// The options of the environment: its variables whose names start with SLABMALLOC_.
#define _GNU_SOURCE
#include "CSlabPort.h"

#if __STDC_HOSTED__ && defined(__linux__)
#include <sys/auxv.h>

extern char **environ;

// The address at which the kernel stored the number of arguments, followed by the arguments, NULL and the environment.
// The loader sets it.
extern void *__libc_stack_end __attribute__((weak));
#pragma weak program_invocation_name
#pragma weak program_invocation_short_name

static char **arguments(void) {
  return &__libc_stack_end == NULL || __libc_stack_end == NULL ? NULL : (char **)__libc_stack_end + 1;
}

// The C library's environment. Before the C library sets it, the environment that it will set.
static char **environment(void) {
  if (environ != NULL || arguments() == NULL) return environ;
  return arguments() + *(long *)__libc_stack_end + 1;
}

// glibc starts with no arguments and no environment if one of the first constructors loads a shared object, and keeps
// that. It takes the environment from its variable, and the names of the program stay empty.
void slm_port_before_loading(void) {
  if (environ == NULL) environ = environment();
}

void slm_port_after_loading(void) {
  if (&program_invocation_name == NULL || program_invocation_name == NULL || *program_invocation_name != 0) return;
  if (arguments() == NULL || *arguments() == NULL) return;
  program_invocation_name = program_invocation_short_name = *arguments();
  for (char *at = *arguments(); *at != 0; at++)
    if (*at == '/') program_invocation_short_name = at + 1;
}

int slm_port_has_environment(void) { return environment() != NULL; }

// Whether the program has more rights than its caller, who sets the environment: secure_getenv() gives nothing to such
// a program. The C library has the kernel's answer; without an answer the ids decide.
static int has_more_rights(void) {
  int saved = errno;
  errno = 0;
  int result = getauxval(AT_SECURE) != 0;
  if (!result && errno == ENOENT) result = getuid() != geteuid() || getgid() != getegid();
  errno = saved;
  return result;
}

const char *slm_port_next_option(size_t *position) {
  static const char prefix[] = "SLABMALLOC_";
  _Static_assert(sizeof prefix - 1 == SLM_PORT_OPTION_PREFIX_LENGTH, "where the name of an option starts");
  char **entries = environment();
  while (entries && entries[*position]) {
    const char *entry = entries[(*position)++];
    if (strncmp(entry, prefix, sizeof prefix - 1) == 0) return has_more_rights() ? NULL : entry;
  }
  return NULL;
}
#endif
