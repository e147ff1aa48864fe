/* The protocol, as steps: who owns a slab. What is in one `atomic` is one atomic operation on shared data, together
 * with what only the owner touches, or what the lock protects. Variables of a thread: t its heap, x a slot, s a slab, n
 * a count, i an index, h a stack's head, o an owner.
 *
 * A slab's owner and its count of remote frees are one word, so that giving a slab up is one compare-and-swap, which
 * fails if a remote free has been counted. FAULT_SPLIT has two words instead: the owner is reset, then the count is
 * read again, and the slab taken back if it is not 0. In between, a notifier may have adopted the slab, emptied it and
 * given it to the pool, or the pool to another heap, which has given it up again: then a slab is taken that isn't the
 * old one.
 */
#ifdef FAULT_DETACH_COUNTED
#define MAY_DETACH(s) true
#else
#define MAY_DETACH(s) (count[s] == 0)
#endif

/* Gives slab s, which has no used slot, to the pool. Compare-and-swap: it stays if a remote free is counted all the
 * same, as when a slot is freed locally and remotely at once. */
inline give_to_pool(s) {
#ifdef FAULT_POOL_ORDER
  atomic { MINE(s) = false; pooled[s] = true };
  owner[s] = POOLED
#else
  atomic {
    if
    :: count[s] == 0 ->
       assert(!notifiers[s] && !stacked[s] && !listed[s] && (!arriving[s] || passed == 2));
       assert(cached[t] == NIL || SLAB(cached[t]) != s);
       owner[s] = POOLED; MINE(s) = false; n = 1
    :: else
    fi
  };
  if :: atomic { n == 1 -> pooled[s] = true; n = 0 } :: n == 0 fi
#endif
}

/* Slab s has fewer used slots than before. */
inline settle(s) {
  if
  :: used[s] == 0 && current[t] != s -> give_to_pool(s)
  :: else
  fi
}

/* Frees as many REMOTE slots as are counted, whichever: the others' frees will be counted yet. */
inline collect(s) {
  atomic { assert(owner[s] == ME); n = count[s]; count[s] = 0; i = 0 };
  do
  :: atomic { i < SLOTS ->
       if
       :: state[s * SLOTS + i] == REMOTE && n > 0 -> state[s * SLOTS + i] = FREE; used[s]--; n--
#ifdef FAULT_COLLECT_ALL
       :: state[s * SLOTS + i] == REMOTE && n == 0 -> state[s * SLOTS + i] = FREE; used[s]--
#endif
       :: else
       fi;
       i++ }
  :: atomic { i == SLOTS -> i = 0; if :: n > 0 -> assert(passed == 2); n = 0; reported = true :: else fi; break }
  od;
  settle(s)
}

/* Takes slab s out of the orphan list, if it is there, after taking it over. */
inline unlist(s) {
#ifdef FAULT_STAYS_LISTED
  skip
#else
  atomic { !lock -> listed[s] = false }
#endif
}

/* Takes the whole remote stack and collects its slabs. A slab may be on another stack as soon as it is collected. */
inline drain() {
  atomic { h = head[t]; head[t] = NIL };
  do
  :: h == NIL -> h = 0; break
  :: else ->
     atomic {
       s = h; stacked[s]--; assert(owner[s] == ME); MINE(s) = true;
#ifndef FAULT_NEXT
       h = next[s]; next[s] = NIL
#endif
     };
#ifdef FREER
     unlist(s);
#endif
     collect(s);
#ifdef FAULT_NEXT
     h = next[s];
#endif
     s = 0
  od
}

/* Gives up slab s, all of whose slots are used. It stays if a remote free is counted: it will be on this heap's stack.
 * */
inline detach(s) {
#ifdef FAULT_SPLIT
  atomic { owner[s] = NONE; MINE(s) = false };
  n = count[s];
  if
  :: atomic { n != 0 -> n = 0; if :: owner[s] == NONE -> owner[s] = ME; MINE(s) = true :: else fi }
  :: else
  fi
#else
  atomic { if :: owner[s] == ME && MAY_DETACH(s) -> owner[s] = NONE; MINE(s) = false :: else fi }
#endif
}

/* Gives up slab s, some of whose slots are free, for any thread to take. */
inline orphan(s) {
#ifdef FAULT_LIST_UNLOCKED
  atomic { !lock -> listed[s] = true };
  detach(s);
  if :: atomic { MINE(s) && !lock -> listed[s] = false } :: !MINE(s) fi
#else
  atomic { !lock -> lock = true; listed[s] = true };
  detach(s);
  atomic { if :: MINE(s) -> listed[s] = false :: else fi; lock = false }
#endif
}

inline take_orphan() {
  atomic { !lock ->
    s = 0; do :: s < SLABS && !listed[s] -> s++ :: else -> break od;
    if :: s < SLABS -> lock = true; listed[s] = false :: else fi };
  if
  :: s < SLABS -> /* with the lock; if somebody adopts it, he waits for the lock and finds it not listed */
     atomic {
       if :: owner[s] == NONE -> owner[s] = ME; MINE(s) = true; assert(!FULL(s)); current[t] = s :: else fi;
       lock = false; s = 0
     }
  :: else -> s = 0
  fi
}

/* Compare-and-swap again: a slab of which a remote free is counted stays in the pool, until that is reported. */
inline carve() {
  atomic {
    s = 0; do :: s < SLABS && !pooled[s] -> s++ :: else -> break od;
    if :: s < SLABS -> pooled[s] = false :: else fi
  };
  if
  :: atomic { s < SLABS && count[s] == 0 && owner[s] == POOLED ->
       owner[s] = ME; MINE(s) = true; current[t] = s;
       assert(used[s] == 0);
       for (i : 0 .. SLOTS - 1) { assert(state[s * SLOTS + i] == FREE) }
       i = 0; s = 0 }
  :: atomic { s < SLABS && !(count[s] == 0 && owner[s] == POOLED) -> assert(passed == 2); pooled[s] = true; s = 0 }
  :: atomic { s == SLABS -> s = 0 }
  fi
}
