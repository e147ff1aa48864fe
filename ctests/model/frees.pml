/* The protocol, as steps: frees. See ownership.pml. */
#ifdef FAULT_POOLED_NONE
#define IN_POOL(o) false
#else
#define IN_POOL(o) (o == POOLED)
#endif

/* A free found slot x not USED. */
inline misuse(x) { assert(x == twice); reported = true; twice = NO_MORE }

/* A free found slot x USED. */
inline pass(x) {
  if
  :: x == twice && passed < 2 ->
#ifdef HARDENED
     assert(passed == 0); /* both change the mark by a compare-and-swap: the second is always found */
#endif
     passed++
  :: else
  fi
}

/* Anybody's remote free of a slot of slab s that is marked: fetch-and-add, which returns the owner too. n becomes the
 * count before, o the owner; n is not 0 if there is nothing to tell him. */
inline count_one() {
  atomic {
    arriving[s]--; n = count[s]; o = owner[s]; count[s]++;
    if :: n == 0 && !IN_POOL(o) -> notifiers[s]++ :: else fi
  };
#ifdef FAULT_SPLIT
  if :: n == 0 -> o = owner[s] :: else fi;
#endif
  if
  :: atomic { IN_POOL(o) -> /* freed locally too, and so its slab became empty */
       assert(passed == 2); count[s]--; n = 1; reported = true }
  :: else
  fi
}

/* Whoever counts the first free is the slab's notifier: he tells the owner, or becomes it. */
inline tell() {
  if
  :: n == 0 ->
     if :: o == NONE -> take_over(ME) :: else fi;
     if
     :: o == ME -> atomic { assert(!stacked[s]); MINE(s) = true; notifiers[s]-- }; unlist(s); collect(s)
     :: else -> push()
     fi
  :: else
  fi;
  atomic { n = 0; o = 0; s = 0 }
}

#ifdef HARDENED
#include "hardened.pml"
#else
/* The owner frees x: plain loads and stores. A remote free of the same slot may come in between. */
inline free_locally() {
  if
  :: atomic { state[x] == USED -> pass(x) };
     atomic {
       state[x] = FREE; s = SLAB(x);
#ifdef FAULT_CACHED
       used[s]--;
       if :: cached[t] == NIL -> cached[t] = x :: else fi;
#else
       if :: cached[t] == NIL -> cached[t] = x :: else -> used[s]-- fi;
#endif
       x = 0
     };
     settle(s);
     s = 0
  :: atomic { state[x] != USED -> misuse(x); x = 0 }
  fi
}

/* Anybody else frees x. */
inline mark() {
  atomic { /* compare-and-swap: a slot that isn't USED must stay as it is, for its owner may be handing it out */
    s = SLAB(x);
    if
    :: state[x] == USED -> state[x] = REMOTE; arriving[s]++; pass(x)
    :: else ->
#ifdef FAULT_EXCHANGE
       state[x] = REMOTE;
#endif
       misuse(x); n = 1
    fi;
    x = 0
  };
  if :: n == 0 -> count_one() :: else fi
}
#endif

/* Compare-and-swap by the notifier of slab s, which nobody owned a moment ago. o becomes the owner. */
inline take_over(heap) {
  atomic { if :: owner[s] == NONE -> owner[s] = heap :: else fi; o = owner[s] }
}

/* The notifier tells the owner. That one can't change: while a remote free is counted a slab isn't given up. */
inline push() {
  do
  :: atomic { h = head[o - 1]; next[s] = h };
     if
     :: atomic { head[o - 1] == h -> assert(!stacked[s]); head[o - 1] = s; stacked[s]++; notifiers[s]--; h = 0; break }
     :: else
     fi
  od
}

inline free_remotely() { mark(); tell() }
