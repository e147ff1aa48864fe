/* How the model starts, and what must hold when all threads have stopped. */
inline count_slots(s) {
  n = 0; o = 0; x = 0;
  for (i : 0 .. SLOTS - 1) {
    n = n + (state[s * SLOTS + i] == REMOTE);
    o = o + (state[s * SLOTS + i] == USED);
    x = x + (held[s * SLOTS + i] > 0 && !(s * SLOTS + i == twice && passed == 1))
  }
}

init {
  byte t, s, n, i, h, o, x;
  atomic {
    for (i : 0 .. SLABS - 1) { pooled[i] = true; owner[i] = POOLED; next[i] = NIL }
    for (i : 0 .. THREADS - 1) { head[i] = NIL; current[i] = NIL; cached[i] = NIL }
    i = 0; do :: i < THREADS -> run Thread(i); i++ :: else -> break od;
#ifdef FREER
    run Freer();
#endif
    i = 0
  }
  atomic {
    stopped == PROCESSES ->
    for (s : 0 .. SLABS - 1) {
      count_slots(s);
      assert(!notifiers[s] && !arriving[s] && o == x);
      assert(n == count[s] || passed == 2);
      assert((count[s] > 0) == stacked[s]);
      assert(count[s] == 0 || (owner[s] != NONE && owner[s] != POOLED))
    }
    n = 0; i = 0; o = 0; x = 0; s = 0; h = 0;
    t = 0; do :: t < THREADS -> drain(); t++ :: else -> break od;
    assert(passed < 2 || reported);
    for (s : 0 .. SLABS - 1) {
      count_slots(s);
      for (t : 0 .. THREADS - 1) {
        if :: cached[t] != NIL && SLAB(cached[t]) == s -> o++; x++ :: else fi
      }
      t = 0;
      assert(o == x);
      assert(n == 0 && used[s] == o && count[s] == 0 && !stacked[s]);
      if
      :: pooled[s] -> assert(used[s] == 0 && owner[s] == POOLED && !listed[s])
      :: !pooled[s] && owner[s] == NONE -> assert(FULL(s) != listed[s])
      :: else -> t = owner[s] - 1; assert(!listed[s] && MINE(s))
      fi
    }
  }
}
