/* A write before the first page of an arena of the mmap provider, where its state would be. */
#include "../support/zone.h"

#define ARENA ((uintptr_t)32 << 20)

int main(void) {
  slm_page_provider provider = slm_mmap_provider();
  char *lowest = provider.allocate_page(provider.context, provider.page_size);
  for (int i = 0; i < 40; i++) {
    char *page = provider.allocate_page(provider.context, provider.page_size);
    require(page != NULL);
    if ((uintptr_t)page % ARENA < (uintptr_t)lowest % ARENA) lowest = page;
  }
  require((uintptr_t)lowest % ARENA == provider.page_size);
  expect_text("SIGSEGV");
  memset(opaque(lowest - 1), 'x', 1);
  return 1;
}
