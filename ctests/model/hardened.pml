/* The protocol, as steps: frees in the profile hardened. A freed slot is cleared: its mark is CLEARING meanwhile, as
 * the owner may take any REMOTE slot for one that was counted. A slot that its owner freed is in quarantine: nobody may
 * hand it out, and its mark is a free one for every other purpose. An object that is freed is whole until it is
 * cleared: its canary is intact.
 *
 *     USED -- others --> CLEARING --> REMOTE -- the owner collects --> FREE
 *       +---- the owner --> QUARANTINED -- evicted, from a slab of its own --> FREE
 *                                       -- evicted, from another's slab --> REMOTE
 *
 * FAULT_CLEARED_LATE marks the slot as REMOTE and then clears it; FAULT_COUNTED_EARLY counts a slot that is not cleared
 * yet; FAULT_CANARY_LATE looks at the mark first, and then at the canary, which another free may have cleared between.
 */
#define CLEARING 3
#define QUARANTINED 4

/* Looks at slot x, which is about to be freed; n becomes 1 if it is not to be. What was handed out again before the
 * second free looks is somebody else's object: that one lives on, if it is found not to be whole. */
inline look_at() {
#ifdef FAULT_CANARY_LATE
  if
  :: atomic { state[x] == USED -> n = 0 }
  :: atomic { state[x] != USED -> misuse(x); n = 1 }
  fi;
  if
  :: atomic { n == 0 && !whole[x] -> assert(twice == NO_MORE); held[x] = 1; n = 1 }
  :: else
  fi
#else
  w = whole[x];
  if
  :: atomic { state[x] == USED && w -> n = 0 }
  :: atomic { state[x] == USED && !w -> assert(twice == NO_MORE); held[x] = 1; n = 1 }
  :: atomic { state[x] != USED -> misuse(x); n = 1 }
  fi;
  w = false
#endif
}

/* Takes slot x out of quarantine. Its slab may be another's by now, or nobody's. */
inline evict() {
  atomic { s = SLAB(x); assert(state[x] == QUARANTINED) };
  if
  :: atomic { owner[s] == ME && count[s] == 0 -> state[x] = FREE; used[s]--; x = 0 };
     settle(s);
     s = 0
  :: atomic { !(owner[s] == ME && count[s] == 0) -> state[x] = REMOTE; arriving[s]++; x = 0 };
     count_one();
     tell()
  fi
}

/* The owner frees x, by a compare-and-swap too. */
inline free_locally() {
  look_at();
  if
  :: n == 0 ->
     if
     :: atomic { state[x] == USED -> pass(x); state[x] = QUARANTINED };
        whole[x] = false;
        atomic { n = cached[t]; cached[t] = x; x = n; n = 0 };
        if :: x != NIL -> evict() :: else -> x = 0 fi
     :: atomic { state[x] != USED -> misuse(x); x = 0 }
     fi
  :: else -> atomic { n = 0; x = 0 }
  fi
}

/* Anybody else frees x. */
inline mark() {
  look_at();
  if
  :: n == 0 ->
     if
     :: atomic { state[x] == USED -> pass(x); s = SLAB(x); arriving[s]++;
#ifdef FAULT_CLEARED_LATE
          state[x] = REMOTE
#else
          state[x] = CLEARING
#endif
        };
#ifdef FAULT_COUNTED_EARLY
        count_one();
#endif
        whole[x] = false;
#ifndef FAULT_CLEARED_LATE
        state[x] = REMOTE;
#endif
        x = 0;
#ifndef FAULT_COUNTED_EARLY
        count_one()
#endif
     :: atomic { state[x] != USED -> misuse(x); x = 0; n = 1 }
     fi
  :: else -> x = 0
  fi
}
