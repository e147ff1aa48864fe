/* A write over the end of what lies below an arena of the mmap provider: another arena, or memory of anybody's, as
 * here. */
#include "../support/zone.h"

#include <sys/mman.h>

#define ARENA ((uintptr_t)32 << 20)

int main(void) {
  const size_t size = 65536;
  slm_page_provider provider = slm_mmap_provider();
  char *page = provider.allocate_page(provider.context, SLM_LARGE_PAGE_SIZE);
  require(page != NULL);
  char *arena = (char *)((uintptr_t)page / ARENA * ARENA);
  char *below = mmap(arena - size, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  require(below == arena - size);
  memset(below, 'x', size);
  expect_text("SIGSEGV");
  memset(opaque(below + size), 'x', 1);
  return 1;
}
