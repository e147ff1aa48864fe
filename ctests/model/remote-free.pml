/* Remote frees and the ownership of slabs, for the model checker Spin.
 *
 * Threads allocate, free any object that any of them got, and exit, in any order and without end, or stop. Every order
 * of the steps on shared data is tried. ownership.pml and frees.pml have these steps; this file has the data and what
 * the threads do; quiescence.pml what must hold when all have stopped. The allocator is cut down to what the protocol
 * touches: one size class, a few slabs of a few slots, a cache of one slot for each thread, one lock for the orphan
 * list.
 *
 * Checked, at each step:
 * - no slot is handed out while the program holds it;
 * - a slab is on at most one remote stack, once, and whoever pops it owns it; only its owner collects it;
 * - a slab in the pool has no free on its way, no notifier, no count, no slot in a cache, and is in no list;
 * - a slab is taken over only while nobody owns it, and an orphan has a free slot.
 * When all threads have stopped: each REMOTE slot is counted, and its slab is on the stack of the heap that owns it.
 * After each heap has collected once more: no slot is REMOTE, used slots are those that the program holds, and a slab
 * that nobody owns is in the pool, in the orphan list, or full. No thread waits for ever.
 * With TWICE, one object is freed twice, by any two threads at any time: this is reported, at the latest when all heaps
 * have collected once more, and all the rest holds all the same, as what reports a misuse may return.
 *
 * Not covered: memory orders weaker than sequential consistency; address lookup, size classes, purging; heaps that the
 * program makes itself; fork; more threads, slabs and slots than the script asks for. A slot that is handed out again
 * before the second free looks at it is somebody else's object by then, and no allocator can tell: not called a misuse.
 *
 * Options:  THREADS SLABS SLOTS   sizes
 *           NO_EXIT               threads never exit
 *           WAITS                 an exiting thread waits until its heap owns nothing
 *           FREER                 one thread more, which has no heap and only frees
 *           TWICE                 see above
 *           HARDENED              the profile hardened, see hardened.pml
 *           FAULT_...             a mistake, which the check must find
 */
#define N (SLABS * SLOTS)
#define FREE 0
#define USED 1
#define REMOTE 2
#define NONE 0
#ifdef FAULT_POOLED_NONE
#define POOLED NONE
#else
#define POOLED 100
#endif
#define NIL 255

/* Of a slot: its state. Of a slab: used, which only the owner touches, counts slots that are USED, REMOTE or in a
 * cache. */
byte state[N], used[SLABS];
/* owner and count are halves of one word. owner: NONE, POOLED, or a heap's number + 1. */
byte owner[SLABS], count[SLABS];
byte next[SLABS], head[THREADS]; /* the remote stacks */
bool pooled[SLABS];              /* in the pool's list, which has a lock of its own */
bool listed[SLABS], lock;        /* in the orphan list */
/* What only the thread of a heap touches. */
byte current[THREADS], cached[THREADS];
bool mine[THREADS * SLABS];

/* What the program holds: how many times it will still free a slot. */
byte held[N];
/* For the checks alone. Frees that are REMOTE but not yet counted, and notifiers, of a slab; stacks that it is on. */
byte arriving[SLABS], notifiers[SLABS], stacked[SLABS];
byte stopped;
/* The slot that is freed twice, frees of it that found nothing wrong, and whether anything was reported. */
byte twice = NIL, passed;
bool reported;
#define NO_MORE 254
#ifdef HARDENED
/* Of a slot: the canary is intact, which it is from when it is handed out until it is cleared. */
bool whole[N];
/* The thread allocates from its slab alone. */
#define NOTHING_CACHED true
#else
#define NOTHING_CACHED (cached[t] == NIL)
#endif

#define ME (t + 1)
#define MINE(s) mine[t * SLABS + (s)]
#define SLAB(x) ((x) / SLOTS)
#define FULL(s) (used[s] == SLOTS)

#include "ownership.pml"
#include "frees.pml"

/* Hands out slot x of a slab that this thread owns. */
inline hand_out() {
  assert(state[x] == FREE && owner[SLAB(x)] == ME);
  state[x] = USED;
#ifdef HARDENED
  assert(!whole[x]); whole[x] = true;
#endif
  if
  :: x == twice && passed < 2 -> /* if its second free is on the way, that will free this object; else there is none */
     twice = NO_MORE
  :: else -> assert(held[x] == 0); held[x] = 1
  fi;
#ifdef TWICE
  if
  :: twice == NIL -> twice = x; held[x] = 2
  :: true
  fi;
#endif
  x = 0
}

/* Finds a slab to allocate from: of its own, an orphan, or a pooled one. May find none. */
inline find_slab() {
  if
  :: atomic {
       s = 0; do :: s < SLABS && !(MINE(s) && !FULL(s)) -> s++ :: else -> break od;
       if :: s < SLABS -> current[t] = s :: else fi; s = 0
     }
  :: take_orphan()
  :: carve()
  fi
}

inline exit_thread() {
  atomic { current[t] = NIL; x = cached[t]; cached[t] = NIL };
  if
#ifdef HARDENED
  :: x != NIL -> evict()
#else
  :: x != NIL -> atomic { s = SLAB(x); x = 0; used[s]-- }; settle(s); s = 0
#endif
  :: else -> x = 0
  fi;
  do
  :: drain();
     s = 0;
     do
     :: s == SLABS -> s = 0; break
     :: s < SLABS && !MINE(s) -> s++
     :: s < SLABS && MINE(s) ->
        if
        :: used[s] == 0 -> give_to_pool(s)
        :: FULL(s) -> detach(s)
        :: else -> orphan(s)
        fi;
        s++
     od;
     /* What it could not let go of stays with the heap, for its next thread. */
#ifdef WAITS
     atomic {
       s = 0; do :: s < SLABS && !MINE(s) -> s++ :: else -> break od;
       h = s; s = 0;
       if :: h == SLABS -> h = 0; break :: else -> h = 0 fi
     };
     head[t] != NIL
#else
     break
#endif
  od
}

/* Takes any object of the program to free; x = NIL if it holds none there. */
inline choose() {
  x = 0; do :: x < N - 1 -> x++ :: break od;
  if
  :: held[x] > 0 -> held[x]--
  :: else -> x = NIL
  fi
}

proctype Thread(byte t) {
  byte x, s, n, i, h, o;
#ifdef HARDENED
  bool w;
#endif
end:
  do
#ifndef HARDENED
  :: atomic { cached[t] != NIL -> x = cached[t]; cached[t] = NIL;
#ifdef FAULT_CACHED
       used[SLAB(x)]++;
#endif
       hand_out() }
#endif
  :: atomic { NOTHING_CACHED && current[t] != NIL && !FULL(current[t]) ->
       s = current[t];
       i = 0; do :: i < SLOTS && state[s * SLOTS + i] != FREE -> i++ :: else -> break od;
       assert(i < SLOTS);
       x = s * SLOTS + i; used[s]++; hand_out();
       s = 0; i = 0 }
  :: NOTHING_CACHED && (current[t] == NIL || FULL(current[t])) ->
     drain();
     if
     :: current[t] != NIL && FULL(current[t]) -> atomic { s = current[t]; current[t] = NIL }; detach(s); s = 0
     :: else
     fi;
     if :: current[t] == NIL -> find_slab() :: else fi
  :: atomic { choose(); if :: x != NIL -> o = owner[SLAB(x)] :: else fi };
     if
     :: atomic { x == NIL -> x = 0 }
     :: atomic { x != NIL && o == ME -> o = 0 }; free_locally()
     :: atomic { x != NIL && o != ME -> o = 0 }; free_remotely()
     fi
#ifndef NO_EXIT
  :: exit_thread()
#endif
  :: break
  od;
  stopped++
}

#ifdef FREER
#define PROCESSES (THREADS + 1)
/* It has no heap, so a slab that it should adopt goes to heap 0, which finds it on its stack. */
proctype Freer() {
  byte x, s, n, i, h, o;
#ifdef HARDENED
  bool w;
#endif
end:
  do
  :: atomic { choose() };
     if
     :: atomic { x == NIL -> x = 0 }
     :: x != NIL ->
        mark();
        if
        :: n == 0 ->
           if :: o == NONE -> take_over(1) :: else fi;
           push()
        :: else
        fi;
        atomic { n = 0; o = 0; s = 0 }
     fi
  :: break
  od;
  stopped++
}
#else
#define PROCESSES THREADS
#endif

#include "quiescence.pml"
