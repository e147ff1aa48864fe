/* Child processes whose end is part of a test: what they printed, and how they ended. */
#ifndef CHILD_H
#define CHILD_H

#include "process.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

/** What became of a child: its status of waitpid(), and what it wrote, ended by 0. */
typedef struct child {
  pid_t pid;
  int out_pipe, err_pipe;
  int status;
  char out[8192], err[8192];
} child;

/** Forks; a child has its output in pipes, leaves no core file and ends after some minutes at the latest.
 *  @return true in the child. */
static inline bool child_fork(child *c) {
  int out[2], err[2];
  assert_int_equal(pipe(out), 0);
  assert_int_equal(pipe(err), 0);
  fflush(NULL);
  c->pid = fork();
  if (c->pid == 0) {
    dup2(out[1], 1);
    dup2(err[1], 2);
    close(out[0]), close(out[1]), close(err[0]), close(err[1]);
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    /* cmocka's handlers are the parent's. */
    for (int i = 1; i < 32; i++) signal(i, SIG_DFL);
    alarm(240);
    return true;
  }
  assert_true(c->pid > 0);
  close(out[1]), close(err[1]);
  c->out_pipe = out[0], c->err_pipe = err[0];
  return false;
}

static inline void child_drain(int pipe, char *text, size_t size) {
  char rest[4096];
  size_t used = 0;
  for (;;) {
    bool full = used == size - 1;
    ssize_t got = full ? read(pipe, rest, sizeof rest) : read(pipe, text + used, size - 1 - used);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    if (!full) used += (size_t)got;
  }
  text[used] = '\0';
  close(pipe);
}

/** Runs this program anew with one argument, by its emulator if it has one: the kernel cannot run a program of another
 *  machine. Returns if that fails. */
static inline void exec_self(const char *role) {
  char path[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  path[length > 0 ? length : 0] = '\0';
  if (is_emulated()) execlp(getenv("EMULATOR"), "emulator", path, role, (char *)NULL);
  else execl("/proc/self/exe", "suite", role, (char *)NULL);
}

/** Waits for the end. What the child writes must fit into two pipes, as they are read one after the other. */
static inline void child_wait(child *c) {
  child_drain(c->out_pipe, c->out, sizeof c->out);
  child_drain(c->err_pipe, c->err, sizeof c->err);
  drop_emulator_note(c->err);
  while (waitpid(c->pid, &c->status, 0) < 0) assert_int_equal(errno, EINTR);
}

/** Runs a function in a child; its result is the child's exit status. */
static inline void child_call(child *c, int (*body)(void *), void *argument) {
  if (child_fork(c)) _exit(body(argument));
  child_wait(c);
}

/** Runs this program anew with one argument, and with the variables of a list that ends with NULL. */
static inline void child_run_self(child *c, const char *role, const char *const *variables) {
  if (child_fork(c)) {
    for (; variables != NULL && *variables != NULL; variables++) putenv((char *)(uintptr_t)*variables);
    exec_self(role);
    _exit(127);
  }
  child_wait(c);
}

static inline bool child_exited(const child *c, int status) {
  return WIFEXITED(c->status) && WEXITSTATUS(c->status) == status;
}

static inline bool child_was_killed_by(const child *c, int signal) {
  return WIFSIGNALED(c->status) && WTERMSIG(c->status) == signal;
}

/** The child exited with 0 and wrote nothing to stderr. */
#define assert_child_fine(c)                                                                                           \
  do {                                                                                                                 \
    if (!child_exited((c), 0) || (c)->err[0] != '\0')                                                                  \
      fail_msg("status %#x, stdout '%s', stderr '%s'", (unsigned)(c)->status, (c)->out, (c)->err);                     \
  } while (0)

#endif
