/* Plays the boot loader for kernel_start.c, so that it can be run as a program. */
#include <slabmalloc.h>
#include <stdio.h>

struct memory_range {
  void *start;
  size_t size;
};
slm_status heap_start(const struct memory_range *map, size_t count);
void *kmalloc(size_t size);
slm_status kfree(void *object);

static unsigned char low_memory[640 * 1024];
static unsigned char high_memory[6 * 1024 * 1024];

static const char *where(const unsigned char *address) {
  bool is_low = address >= low_memory && address < low_memory + sizeof low_memory;
  bool is_high = address >= high_memory && address < high_memory + sizeof high_memory;
  return is_low || is_high ? "in the memory map" : "elsewhere";
}

int main(void) {
  const struct memory_range map[] = {{low_memory, sizeof low_memory}, {high_memory, sizeof high_memory}};
  printf("no memory:    %s\n", slm_status_name(heap_start(NULL, 0)));
  printf("memory map:   %s\n", slm_status_name(heap_start(map, 2)));

  void *small = kmalloc(64);
  void *large = kmalloc(100000);
  printf("64 bytes:     %s\n", where(small));
  printf("100000 bytes: %s\n", where(large));
  printf("free:         %s\n", slm_status_name(kfree(small)));
  printf("free again:   %s\n", slm_status_name(kfree(small)));
  return kfree(large) == SLM_OK ? 0 : 1;
}
