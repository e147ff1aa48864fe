// A C++ memory resource over a heap: what a container needs is in the heap, and goes with it.
#include <cstdio>
#include <map>
#include <memory_resource>
#include <new>
#include <slabmalloc.h>
#include <sstream>
#include <string>

// [heap_resource
class heap_resource final : public std::pmr::memory_resource {
public:
  heap_resource() {
    if (heap == nullptr) throw std::bad_alloc();
  }
  heap_resource(const heap_resource &) = delete;
  ~heap_resource() override { slm_heap_destroy(heap, nullptr); }

private:
  void *do_allocate(std::size_t size, std::size_t alignment) override {
    void *memory = slm_heap_allocate_aligned(heap, alignment, size);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
  }
  void do_deallocate(void *memory, std::size_t size, std::size_t alignment) override {
    slm_heap_deallocate_aligned_sized(heap, memory, alignment, size);
  }
  bool do_is_equal(const std::pmr::memory_resource &other) const noexcept override { return this == &other; }

  slm_heap *const heap = slm_heap_create(nullptr, nullptr);
};

void count_words(const std::string &text) {
  heap_resource heap;
  std::pmr::map<std::pmr::string, int> counts(&heap); // its nodes and long strings are in the heap
  std::istringstream input(text);
  for (std::string word; input >> word;) counts[std::pmr::string(word, &heap)]++;
  for (const auto &[word, count] : counts) std::printf("%d %s\n", count, word.c_str());
}
// heap_resource]

int main() {
  count_words("one slab one page another-slab-on-a-page one");
  return 0;
}
