# Text of a trace: THREADS threads allocate and free at random, each what any has allocated; PLANT lines come in the
# middle. With -v seed=N -v count=N -v threads=N -v plant='line;line'.
BEGIN {
  srand(seed); live = 0; made = 1000
  for (i = 0; i < count; i++) {
    thread = "t" int(rand() * threads)
    if (i == int(count / 2)) { lines = split(plant, line, ";"); for (j = 1; j <= lines; j++) print line[j] }
    # Each size only once, so that an order can be seen.
    size = 8000 + i
    if (live > 40 || (live > 0 && rand() < 0.4)) {
      j = int(rand() * live)
      if (rand() < 0.2) { print thread " #" ++made " = realloc #" objects[j] " " size; objects[j] = made; continue }
      print thread " free #" objects[j]
      objects[j] = objects[--live]
      continue
    }
    kind = rand() < 0.5 ? "malloc" : rand() < 0.5 ? "calloc" : "aligned " 2 ^ int(3 + rand() * 8)
    print thread " #" ++made " = " kind " " size
    objects[live++] = made
  }
  print "end"
}
