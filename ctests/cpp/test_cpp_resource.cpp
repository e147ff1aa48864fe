// std::pmr: heaps, zones and caches as memory resources.
#include "suite.hpp"
#include <map>
#include <memory_resource>
#include <string>
#include <vector>

using slabmalloc::cache;
using slabmalloc::cache_resource;
using slabmalloc::heap;
using slabmalloc::heap_resource;
using slabmalloc::zone;
using slabmalloc::zone_resource;

namespace {

template <class Resource, class Owner> void serves_containers(Owner owner) {
  Resource resource(owner);
  {
    std::pmr::map<std::pmr::string, std::pmr::vector<int>> lists(&resource);
    for (int i = 0; i < 2000; i++) {
      std::pmr::string name("the name of a list, too long for the string itself ", &resource);
      name += std::to_string(i % 500);
      lists[name].push_back(i);
    }
    CHECK(lists.size() == 500 && lists.begin()->second.size() == 4);
    CHECK(lists.begin()->second.get_allocator().resource() == &resource);
  }
  // Sizes and alignments that a container may ask for, 0 among them.
  for (std::size_t alignment = 1; alignment <= 4096; alignment *= 2)
    for (std::size_t size = 0; size < 5000; size = size * 2 + 1) {
      void *memory = resource.allocate(size, alignment);
      CHECK(memory != nullptr && is_aligned(memory, alignment));
      std::memset(memory, 1, size);
      resource.deallocate(memory, size, alignment);
    }
  std::size_t live = 99;
  CHECK(owner.destroy(&live) == SLM_OK);
  CHECK(live == 0);
}

void resources_serve_containers(void **) {
  serves_containers<heap_resource>(heap());
  serves_containers<zone_resource>(zone(suite_options()));
}

void a_failure_is_thrown_with_its_status(void **) {
  slm_options options = suite_options();
  options.hard_limit = 65536;
  zone small(options);
  zone_resource resource(small);
  CHECK_THROWS(slabmalloc::bad_alloc, SLM_ERR_LIMIT, (void)resource.allocate(1 << 20));
  heap a_heap;
  heap_resource large(a_heap);
  const volatile std::size_t much = SIZE_MAX - 64;
  CHECK_THROWS(slabmalloc::bad_alloc, SLM_ERR_INVALID_LAYOUT, (void)large.allocate(much));
}

// Equal means: what one allocated, the other one may deallocate.
void equality_is_of_the_owner(void **) {
  zone left(suite_options()), right(suite_options());
  heap a_heap;
  zone_resource a(left), b(left), c(right);
  heap_resource d(a_heap);
  CHECK(a == b && a != c && !a.is_equal(d) && !d.is_equal(a) && d.is_equal(heap_resource(a_heap.handle())));
  void *memory = a.allocate(100);
  b.deallocate(memory, 100);

  cache slots(64, 16, suite_options());
  cache_resource on_zone(slots, &a), same(slots, &b), on_other(slots, &c), alone(slots);
  CHECK(on_zone == same && on_zone != on_other && on_zone != alone && !on_zone.is_equal(a));
}

// What fits is in the cache; all else is upstream's, or refused.
void a_cache_has_an_upstream(void **) {
  cache slots(64, 16, suite_options());
  zone around(suite_options());
  zone_resource upstream(around);
  {
    cache_resource resource(slots, &upstream);
    void *small = resource.allocate(64, 16), *large = resource.allocate(65, 16), *wide = resource.allocate(32, 32);
    CHECK(slm_cache_owns(slots.get(), small) && slm_zone_owns(around.get(), large));
    CHECK(slm_zone_owns(around.get(), wide) && is_aligned(wide, 32));
    resource.deallocate(small, 64, 16);
    resource.deallocate(large, 65, 16);
    resource.deallocate(wide, 32, 32);
    std::pmr::vector<int> numbers(&resource);
    for (int i = 0; i < 1000; i++) numbers.push_back(i);
    CHECK(numbers[999] == 999);
  }
  cache_resource alone(slots);
  bool refused = false;
  try {
    (void)alone.allocate(65);
  } catch (const std::bad_alloc &) {
    refused = true;
  }
  CHECK(refused);
  std::size_t in_slots = 99, in_zone = 99;
  CHECK(slots.destroy(&in_slots) == SLM_OK && around.destroy(&in_zone) == SLM_OK);
  CHECK(in_slots == 0 && in_zone == 0);
}

void misuse_is_reported(void **) {
  recorded_misuse recorded;
  zone a_zone(suite_options());
  zone_resource resource(a_zone);
  void *volatile memory = resource.allocate(40, 8);
  resource.deallocate(memory, 4000, 8);
  recorded.check(SLM_ERR_LAYOUT_MISMATCH, memory);
  resource.deallocate(memory, 40, 8);
  resource.deallocate(memory, 40, 8);
  recorded.check(SLM_ERR_DOUBLE_FREE, memory);

  cache slots(64, 16, suite_options());
  cache_resource of_slots(slots);
  int on_stack = 0;
  void *volatile stack = &on_stack;
  of_slots.deallocate(stack, sizeof on_stack, alignof(int));
  recorded.check(SLM_ERR_FOREIGN_POINTER, stack);
}

} // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(resources_serve_containers), cmocka_unit_test(a_failure_is_thrown_with_its_status),
      cmocka_unit_test(equality_is_of_the_owner),   cmocka_unit_test(a_cache_has_an_upstream),
      cmocka_unit_test(misuse_is_reported),
  };
  return cmocka_run_group_tests_name("C++ resource", tests, nullptr, nullptr);
}
