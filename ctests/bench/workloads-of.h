// The workloads, for one allocator. Included once for each, after
//   #define NAME zone                              prefix of the functions made here
//   #define ALLOCATOR slm_zone                     type of the allocator
//   #define ALLOCATE(allocator, size) ...          an expression: the object; each macro uses all its arguments
//   #define DEALLOCATE(allocator, object, size) ...
// so that each loop calls its allocator directly: a call through a pointer would blur what is measured.
#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)

// Allocates an object and gives it back, count times.
static inline void JOIN(NAME, pairs)(ALLOCATOR *allocator, size_t size, size_t count) {
  for (size_t i = 0; i < count; i++) {
    void *object = ALLOCATE(allocator, size);
    use(object);
    DEALLOCATE(allocator, object, size);
  }
}

// Allocates BATCH objects and gives them back in an order, until count pairs are done.
static inline void JOIN(NAME, batches)(ALLOCATOR *allocator, size_t size, size_t count, const uint32_t *order) {
  static void *objects[BATCH];
  for (size_t done = 0; done < count; done += BATCH) {
    for (size_t i = 0; i < BATCH; i++) {
      objects[i] = ALLOCATE(allocator, size);
      use(objects[i]);
    }
    for (size_t i = 0; i < BATCH; i++) DEALLOCATE(allocator, objects[order[i]], size);
  }
}

// Makes a live set.
static inline void JOIN(NAME, fill)(ALLOCATOR *allocator, size_t size, void **live, size_t live_count) {
  for (size_t i = 0; i < live_count; i++) {
    live[i] = ALLOCATE(allocator, size);
    use(live[i]);
  }
}

// Gives a random object of a live set back and allocates another, count times.
static inline void JOIN(NAME, replace)(ALLOCATOR *allocator, size_t size, size_t count, void **live,
                                       size_t live_count) {
  for (size_t i = 0; i < count; i++) {
    size_t index = random_below(live_count);
    DEALLOCATE(allocator, live[index], size);
    live[index] = ALLOCATE(allocator, size);
    use(live[index]);
  }
}

// Gives a live set back.
static inline void JOIN(NAME, drain)(ALLOCATOR *allocator, size_t size, void **live, size_t live_count) {
  for (size_t i = 0; i < live_count; i++) DEALLOCATE(allocator, live[i], size);
}

#undef JOIN
#undef JOIN_
#undef NAME
#undef ALLOCATOR
#undef ALLOCATE
#undef DEALLOCATE
