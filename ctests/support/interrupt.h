/* A call that is interrupted after each of its instructions in turn: in a child whose parent lets it do so many steps,
 * then sends it a signal. So what a signal, or another thread, does in the middle of a call is no matter of luck. */
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include "suite.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

/** How a child ended that was interrupted. */
typedef enum outcome { FINE, TWICE, HANGS, ABORTS, DIES, NOT_REACHED, NOT_TRACED } outcome;

typedef struct interrupted {
  void (*prepare)(void);   /* before the call */
  void (*call)(void);      /* what is interrupted */
  void (*handler)(int);    /* what interrupts it */
  bool (*is_broken)(void); /* afterwards */
  unsigned patience;       /* seconds after which a child hangs */
} interrupted;

/** Set by the child when the call is done; shared with its parent. */
static volatile bool *is_called;
static const interrupted *in_child;

/** Of a child that hangs from here on, an alarm is the end. */
static inline void interrupted_handle(int number) {
  alarm(in_child->patience);
  in_child->handler(number);
}

static inline void interrupted_child(const interrupted *it) {
  in_child = it;
  signal(SIGUSR1, interrupted_handle);
  signal(SIGALRM, SIG_DFL);
  signal(SIGSEGV, SIG_DFL);
  signal(SIGABRT, SIG_DFL);
  it->prepare();
  if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) _exit(NOT_TRACED);
  kill(getpid(), SIGSTOP);
  it->call();
  *is_called = true;
  _exit(it->is_broken() ? TWICE : FINE);
}

/** What becomes of the call if the signal comes after so many instructions. */
static inline outcome interrupt_after(const interrupted *it, size_t instructions) {
  int status = 0;
  *is_called = false;
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) interrupted_child(it);
  assert_int_equal(waitpid(child, &status, 0), child);
  for (size_t i = 0; i < instructions && WIFSTOPPED(status) && !*is_called; i++) {
    assert_int_equal(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
  }
  bool is_reached = WIFSTOPPED(status) && !*is_called;
  if (WIFSTOPPED(status)) {
    assert_int_equal(ptrace(PTRACE_DETACH, child, NULL, is_reached ? (void *)SIGUSR1 : NULL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!is_reached) return NOT_REACHED;
  }
  if (WIFEXITED(status)) return (outcome)WEXITSTATUS(status);
  return WTERMSIG(status) == SIGALRM ? HANGS : WTERMSIG(status) == SIGABRT ? ABORTS : DIES;
}

/** Counts what comes of the signal at each instruction, or at each so many. Skips the test where the system lets nobody
 * trace a
 *  child. */
static inline void interrupt_everywhere(const interrupted *it, size_t stride, outcome until,
                                        size_t counts[NOT_TRACED]) {
  is_called = mmap(NULL, sizeof *is_called, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  assert_true(is_called != MAP_FAILED);
  memset(counts, 0, NOT_TRACED * sizeof *counts);
  for (size_t instructions = 0; counts[NOT_REACHED] == 0 && counts[until] == 0 && counts[HANGS] < 5;
       instructions += stride) {
    outcome o = interrupt_after(it, instructions);
    if (o == NOT_TRACED) skip();
    counts[o]++;
  }
  munmap((void *)(uintptr_t)is_called, sizeof *is_called);
  print_message(
      "fine after %zu instructions, an object twice after %zu, hangs after %zu, aborts after %zu, dies after %zu\n",
      counts[FINE], counts[TWICE], counts[HANGS], counts[ABORTS], counts[DIES]);
}

#endif
