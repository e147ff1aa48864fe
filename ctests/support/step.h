/* A call in whose every instruction a signal handler runs: the processor traps after each one. Unlike interrupt.h this
 * takes one process, whose call goes on after the handler. */
#ifndef STEP_H
#define STEP_H

#include "suite.h"

#include <signal.h>
#include <sys/ucontext.h>
#include <unistd.h>

#if defined(__x86_64__)
#define CAN_STEP 1
static inline void step_flag(bool is_on) {
  if (is_on) __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "cc", "memory");
  else __asm__ volatile("pushfq; andq $~0x100, (%%rsp); popfq" ::: "cc", "memory");
}
static inline void step_no_more(void *context) { ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~0x100LL; }
#else
#define CAN_STEP 0
static inline void step_flag(bool is_on) { (void)is_on; }
static inline void step_no_more(void *context) { (void)context; }
#endif

/** Called after every so many instructions. False where the steps end: in a child, for example. */
static bool (*step_handler)(void);
static size_t step_stride;
static volatile size_t step_count;

static inline void step_trap(int number, siginfo_t *info, void *context) {
  (void)number, (void)info;
  if (step_count++ % step_stride == 0 && !step_handler()) step_no_more(context);
}

/** Runs a call, and the handler after every so many of its instructions. Returns how many instructions there were. */
static inline size_t step_through(void (*call)(void), bool (*handler)(void), size_t stride) {
  struct sigaction action = {.sa_sigaction = step_trap, .sa_flags = SA_SIGINFO}, before;
  step_handler = handler;
  step_stride = stride;
  step_count = 0;
  assert_int_equal(sigaction(SIGTRAP, &action, &before), 0);
  step_flag(true);
  call();
  step_flag(false);
  size_t count = step_count;
  assert_int_equal(sigaction(SIGTRAP, &before, NULL), 0);
  return count;
}

#endif
