/* A page provider that keeps a ledger and does not trust the allocator.
 *
 * All pages come from one arena, so that the pages of an allocator touch each other and a write past the end of
 * one is seen in the next. A page that came back is filled with PAGE_IDLE, which must still be there
 * when it goes out again; with `poison` it can't even be read any more. Faults are injected by the fields below.
 *
 *      arena  | base pages, upwards -> |      never used      | <- large pages, downwards |
 */
#ifndef TEST_PROVIDER_H
#define TEST_PROVIDER_H

#include "suite.h"

#include <pthread.h>
#include <sys/mman.h>

#ifndef ARENA_SIZE
#define ARENA_SIZE ((size_t)1 << 31)
#endif
#define ARENA_UNIT ((size_t)4096)
#define PAGE_FRESH 0xA5
#define PAGE_IDLE 0xDD

enum page_kind { BASE = 0, LARGE = 1 };

/** What is wrong at a call for a page: there is none; its address is no multiple of its size; it is out already. */
enum page_fault { FAULT_NO_PAGE = 0, FAULT_MISALIGNED, FAULT_OWNED, PAGE_FAULTS };

typedef struct test_provider {
  size_t base_page_size;
  unsigned char *arena;
  void *mapping;
  unsigned char *out; /* for each unit of the arena: 1 + kind of the page that starts here and is out, or 0 */
  void **idle[2];     /* pages that came back, last in first out */
  size_t idle_count[2];
  size_t fresh[2]; /* pages ever made */
  size_t taken[2], given_back[2];
  size_t calls;         /* of allocate_page */
  pthread_mutex_t lock; /* of the ledger; not held while a hook runs */
  int errors;

  size_t strays[2];      /* of the pages that are out, those that the test has for itself */
  enum page_fault fault; /* what happens at the calls that the next two fields choose */
  size_t fail_at;        /* at this one, counted from 1; 0: at none */
  size_t fail_one_in;    /* at one in so many, at random; 0: at none */
  uint64_t random;       /* for that: a seed */
  size_t faults;         /* how often it happened */
  void *last[2];         /* the page that went out last, of either kind */
  bool dirty;            /* a page goes out with the content of the last one, as if it were a slab already */
  bool dry;              /* allocate_page returns NULL */
  bool poison;           /* pages that come back become inaccessible and are not used again */
  bool careless;         /* skip the filling of pages, for speed */
  void *next_page;       /* what allocate_page returns next, whatever it is */
  void *odd_page;        /* a misaligned page that is out */
  void *odd_base;        /* the page that it is in, if it was taken for that */
  void (*on_allocate)(void *context); /* called once, from within the next allocate_page */
  size_t hook_at;                     /* on_allocate waits for this call, counted from 1; 0: it does not */
  void (*on_release)(void *context);
  void *hook_context;
} test_provider;

static inline void test_provider_open(test_provider *p, size_t base_page_size) {
  memset(p, 0, sizeof *p);
  p->base_page_size = base_page_size;
  p->mapping = mmap(NULL, ARENA_SIZE + SLM_LARGE_PAGE_SIZE, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  assert_true(p->mapping != MAP_FAILED);
  /* A page of 2 MiB is then one fault, not 512; where the system does not want to, it is all the same. */
  madvise(p->mapping, ARENA_SIZE + SLM_LARGE_PAGE_SIZE, MADV_HUGEPAGE);
  p->arena = (unsigned char *)(((uintptr_t)p->mapping + SLM_LARGE_PAGE_SIZE - 1) & ~(SLM_LARGE_PAGE_SIZE - 1));
  p->out = calloc(ARENA_SIZE / ARENA_UNIT, 1);
  p->idle[BASE] = calloc(ARENA_SIZE / base_page_size, sizeof(void *));
  p->idle[LARGE] = calloc(ARENA_SIZE / SLM_LARGE_PAGE_SIZE, sizeof(void *));
  assert_true(p->out != NULL && p->idle[BASE] != NULL && p->idle[LARGE] != NULL);
  pthread_mutex_init(&p->lock, NULL);
}

/** Pages that are out now. */
static inline size_t test_provider_out(const test_provider *p, enum page_kind kind) {
  return p->taken[kind] - p->given_back[kind];
}

static inline void test_provider_error(test_provider *p, const char *what, const void *page, size_t page_size) {
  p->errors++;
  print_error("test provider: %s: page %p of %zu\n", what, page, page_size);
}

static inline bool test_provider_in_arena(const test_provider *p, const void *page) {
  return (uintptr_t)page - (uintptr_t)p->arena < ARENA_SIZE;
}

static inline unsigned char *test_provider_mark(const test_provider *p, const void *page) {
  return &p->out[((uintptr_t)page - (uintptr_t)p->arena) / ARENA_UNIT];
}

/** Takes a page out of the arena; also the test's own way to pages for refill. */
static inline void *test_provider_take(test_provider *p, size_t page_size) {
  enum page_kind kind = page_size == SLM_LARGE_PAGE_SIZE ? LARGE : BASE;
  unsigned char *page = NULL;
  pthread_mutex_lock(&p->lock);
  if (page_size != (kind == LARGE ? SLM_LARGE_PAGE_SIZE : p->base_page_size)) {
    test_provider_error(p, "asked for a size it does not have", NULL, page_size);
  } else if (p->idle_count[kind] > 0) {
    page = p->idle[kind][--p->idle_count[kind]];
    if (!p->careless && !bytes_are(page, page_size, PAGE_IDLE))
      test_provider_error(p, "written after it was given back", page, page_size);
  } else if ((p->fresh[BASE] + 1) * p->base_page_size + (p->fresh[LARGE] + 1) * SLM_LARGE_PAGE_SIZE <= ARENA_SIZE) {
    size_t index = p->fresh[kind]++;
    page = kind == BASE ? p->arena + index * page_size : p->arena + ARENA_SIZE - (index + 1) * page_size;
    if (!p->careless) memset(page, PAGE_FRESH, page_size);
  }
  if (page != NULL) {
    *test_provider_mark(p, page) = (unsigned char)(1 + kind);
    p->taken[kind]++;
  }
  pthread_mutex_unlock(&p->lock);
  return page;
}

/** Takes a page back. Only a page that is out, and of that size. */
static inline void test_provider_give_back(test_provider *p, void *page, size_t page_size) {
  enum page_kind kind = page_size == SLM_LARGE_PAGE_SIZE ? LARGE : BASE;
  pthread_mutex_lock(&p->lock);
  if (page != NULL && page == p->odd_page && p->odd_base == NULL) {
    p->odd_page = NULL;
    p->given_back[kind]++;
    pthread_mutex_unlock(&p->lock);
    return;
  }
  if (page != NULL && page == p->odd_page) {
    page = p->odd_base;
    p->odd_page = p->odd_base = NULL;
  }
  if (!test_provider_in_arena(p, page) || (uintptr_t)page % ARENA_UNIT != 0 ||
      *test_provider_mark(p, page) != 1 + kind || (kind == BASE && page_size != p->base_page_size)) {
    test_provider_error(p, "given back but not out", page, page_size);
  } else {
    *test_provider_mark(p, page) = 0;
    p->given_back[kind]++;
    if (p->poison) {
      if (mprotect(page, page_size, PROT_NONE) != 0) test_provider_error(p, "mprotect", page, page_size);
    } else {
      if (!p->careless) memset(page, PAGE_IDLE, page_size);
      p->idle[kind][p->idle_count[kind]++] = page;
    }
  }
  pthread_mutex_unlock(&p->lock);
}

/** A page for the test itself, which no allocator gets: the zone's books are not to count it. */
static inline void *test_provider_take_stray(test_provider *p, size_t page_size) {
  p->strays[page_size == SLM_LARGE_PAGE_SIZE ? LARGE : BASE]++;
  return test_provider_take(p, page_size);
}

static inline void test_provider_give_back_stray(test_provider *p, void *page, size_t page_size) {
  p->strays[page_size == SLM_LARGE_PAGE_SIZE ? LARGE : BASE]--;
  test_provider_give_back(p, page, page_size);
}

static inline void test_provider_run_hook(test_provider *p, void (**hook)(void *)) {
  pthread_mutex_lock(&p->lock);
  void (*armed)(void *) = *hook;
  *hook = NULL;
  pthread_mutex_unlock(&p->lock);
  if (armed != NULL) armed(p->hook_context);
}

/** The page that is next, as it should be. */
static inline void *test_provider_next_page(test_provider *p, size_t page_size) {
  enum page_kind kind = page_size == SLM_LARGE_PAGE_SIZE ? LARGE : BASE;
  void *page = test_provider_take(p, page_size);
  if (page == NULL) return NULL;
  pthread_mutex_lock(&p->lock);
  void *last = p->last[kind];
  if (p->dirty && last != NULL && *test_provider_mark(p, last) != 0) memcpy(page, last, page_size);
  p->last[kind] = page;
  pthread_mutex_unlock(&p->lock);
  return page;
}

static inline void *test_provider_wrong_page(test_provider *p, size_t page_size) {
  void *page = NULL;
  if (p->fault == FAULT_OWNED) {
    void *last = p->last[page_size == SLM_LARGE_PAGE_SIZE ? LARGE : BASE];
    return last != NULL && *test_provider_mark(p, last) != 0 ? last : NULL;
  }
  if (p->fault == FAULT_NO_PAGE || p->odd_page != NULL || (page = test_provider_take(p, page_size)) == NULL)
    return NULL;
  p->odd_base = page;
  p->odd_page = (char *)page + 64;
  return p->odd_page;
}

static inline void *test_provider_allocate_page(void *context, size_t page_size) {
  test_provider *p = context;
  if (p->hook_at == 0 || p->calls + 1 == p->hook_at) test_provider_run_hook(p, &p->on_allocate);
  pthread_mutex_lock(&p->lock);
  size_t call = ++p->calls;
  bool fails = call == p->fail_at || (p->fail_one_in > 0 && random_below(&p->random, p->fail_one_in) == 0);
  p->faults += fails;
  void *next = p->next_page;
  p->next_page = NULL;
  if (next != NULL && (uintptr_t)next % page_size != 0) {
    p->odd_page = next;
    p->taken[page_size == SLM_LARGE_PAGE_SIZE ? LARGE : BASE]++;
  }
  pthread_mutex_unlock(&p->lock);
  if (next != NULL) return next;
  return p->dry ? NULL : fails ? test_provider_wrong_page(p, page_size) : test_provider_next_page(p, page_size);
}

static inline void test_provider_release_page(void *context, void *page, size_t page_size) {
  test_provider *p = context;
  test_provider_run_hook(p, &p->on_release);
  test_provider_give_back(p, page, page_size);
}

/** The provider as the library wants it: gives and takes pages. */
static inline slm_page_provider test_provider_both(test_provider *p) {
  return (slm_page_provider){.struct_size = sizeof(slm_page_provider),
                             .page_size = (uint32_t)p->base_page_size,
                             .context = p,
                             .allocate_page = test_provider_allocate_page,
                             .release_page = test_provider_release_page};
}

/** The provider for push use: only takes pages back. */
static inline slm_page_provider test_provider_release_only(test_provider *p) {
  slm_page_provider provider = test_provider_both(p);
  provider.allocate_page = NULL;
  return provider;
}

/** The ledger is closed, and no page was written while it was idle. */
static inline void test_provider_close(test_provider *p) {
  if (!p->poison && !p->careless) {
    for (int kind = BASE; kind <= LARGE; kind++) {
      size_t page_size = kind == LARGE ? SLM_LARGE_PAGE_SIZE : p->base_page_size;
      for (size_t i = 0; i < p->idle_count[kind]; i++) {
        if (!bytes_are(p->idle[kind][i], page_size, PAGE_IDLE))
          test_provider_error(p, "written after it was given back", p->idle[kind][i], page_size);
      }
    }
  }
  assert_int_equal(p->errors, 0);
  assert_null(p->odd_page);
  assert_int_equal(p->taken[BASE], p->given_back[BASE]);
  assert_int_equal(p->taken[LARGE], p->given_back[LARGE]);
  munmap(p->mapping, ARENA_SIZE + SLM_LARGE_PAGE_SIZE);
  free(p->out);
  free(p->idle[BASE]);
  free(p->idle[LARGE]);
  pthread_mutex_destroy(&p->lock);
}

#endif
