// A spin lock.
#ifndef LOCK_H
#define LOCK_H

#include "kernel.h"
#include <stdatomic.h>

typedef struct {
  atomic_flag taken;
} spin_lock;

// Interrupts of this CPU are off while it has a lock, so that a handler never waits for what it interrupted.
static inline uintptr_t spin_lock_take(spin_lock *lock) {
  uintptr_t interrupts = slm_port_disable_interrupts();
  while (atomic_flag_test_and_set_explicit(&lock->taken, memory_order_acquire)) machine_pause();
  return interrupts;
}

static inline void spin_lock_release(spin_lock *lock, uintptr_t interrupts) {
  atomic_flag_clear_explicit(&lock->taken, memory_order_release);
  slm_port_restore_interrupts(interrupts);
}

#endif
