// A container in a heap: what it needs is in the heap, and goes with it.
#include <cstdio>
#include <map>
#include <memory_resource>
#include <slabmalloc.hpp>
#include <sstream>
#include <string>

// [count_words
void count_words(const std::string &text) {
  slabmalloc::heap heap;
  slabmalloc::heap_resource resource(heap);
  std::pmr::map<std::pmr::string, int> counts(&resource); // its nodes and long strings are in the heap
  std::istringstream input(text);
  for (std::string word; input >> word;) counts[std::pmr::string(word, &resource)]++;
  for (const auto &[word, count] : counts) std::printf("%d %s\n", count, word.c_str());
}
// count_words]

int main() {
  count_words("one slab one page another-slab-on-a-page one");
  return 0;
}
