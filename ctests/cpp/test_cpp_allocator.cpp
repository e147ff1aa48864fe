// The allocator: standard containers in heaps, zones and caches.
#include "suite.hpp"
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <vector>

using slabmalloc::cache;
using slabmalloc::cache_allocator;
using slabmalloc::heap;
using slabmalloc::heap_allocator;
using slabmalloc::zone;
using slabmalloc::zone_allocator;

namespace {

std::uint64_t bytes_live(const zone &zone) {
  slm_statistics statistics = {};
  statistics.struct_size = sizeof statistics;
  CHECK(slm_zone_statistics(zone.get(), &statistics) == SLM_OK);
  return statistics.bytes_live;
}

// The first line of the synopsis, grown one by one.
void a_vector_of_a_million_ints_on_a_zone(void **) {
  const std::uint64_t before = pages_out();
  {
    zone zone(suite_options());
    std::vector<int, zone_allocator<int>> numbers(zone);
    for (int i = 0; i < 1000000; i++) numbers.push_back(i);
    CHECK(slm_zone_owns(zone.get(), numbers.data()) && slm_zone_owns(zone.get(), numbers.data() + 999999));
    CHECK(bytes_live(zone) >= 4000000);
    CHECK(std::accumulate(numbers.begin(), numbers.end(), 0LL) == 999999LL * 500000);
    std::vector<int, zone_allocator<int>> copy(numbers);
    CHECK(copy == numbers && copy.get_allocator() == numbers.get_allocator());
    std::vector<int, zone_allocator<int>> at_once(1000000, zone);
    CHECK(at_once.size() == 1000000 && at_once[999999] == 0);
  }
  CHECK(pages_out() == before);
}

template <template <class> class Allocator, class Owner> void containers_work(Owner owner) {
  using text = std::basic_string<char, std::char_traits<char>, Allocator<char>>;
  {
    std::map<int, text, std::less<int>, Allocator<std::pair<const int, text>>> names(owner);
    std::unordered_map<int, int, std::hash<int>, std::equal_to<int>, Allocator<std::pair<const int, int>>> squares(
        owner);
    std::list<long, Allocator<long>> list(owner);
    for (int i = 0; i < 3000; i++) {
      names.emplace(i, text(static_cast<std::size_t>(i), 'x', owner));
      squares[i] = i * i;
      list.push_front(i);
    }
    for (int i = 0; i < 3000; i += 2) names.erase(i);
    CHECK(names.size() == 1500 && names.at(2999).size() == 2999 && squares.at(2999) == 2999 * 2999);
    CHECK(list.size() == 3000 && list.back() == 0);
    auto shared = std::allocate_shared<counted>(Allocator<counted>(owner), 5);
    CHECK(shared->number == 5 && counted::alive == 1);
  }
  CHECK(counted::alive == 0);
  std::size_t live = 99;
  CHECK(owner.destroy(&live) == SLM_OK);
  CHECK(live == 0);
}

void containers_give_all_back(void **) {
  containers_work<heap_allocator>(heap());
  containers_work<zone_allocator>(zone(suite_options()));
}

// A cache serves nodes, and refuses what its slots don't hold: an array, or a larger node.
void a_cache_serves_nodes(void **) {
  cache nodes(64, 16, suite_options());
  std::list<long, cache_allocator<long>> list(nodes);
  for (long i = 0; i < 10000; i++) list.push_back(i);
  CHECK(slm_cache_owns(nodes.get(), &list.front()) && list.back() == 9999);
  list.clear();
  std::vector<long, cache_allocator<long>> few(8, nodes);
  CHECK_THROWS(slabmalloc::bad_alloc, SLM_ERR_INVALID_LAYOUT, few.push_back(1));
  CHECK(few.size() == 8);
}

// Moving and swapping take the allocator along: no object is copied, and each goes back to its own zone.
void allocators_go_with_the_memory(void **) {
  zone left(suite_options()), right(suite_options());
  using vector = std::vector<int, zone_allocator<int>>;
  static_assert(std::is_nothrow_move_assignable_v<vector> && std::is_nothrow_swappable_v<vector>);
  vector a(100, 1, left), b(200, 2, right);
  const int *first = a.data(), *second = b.data();
  a.swap(b);
  CHECK(a.data() == second && b.data() == first && a.get_allocator() == zone_allocator<int>(right));
  a = std::move(b);
  CHECK(a.data() == first && a.get_allocator() == zone_allocator<int>(left));
  vector c(right);
  c = a; // a copy stays where it was
  CHECK(c.get_allocator() == zone_allocator<int>(right) && slm_zone_owns(right.get(), c.data()));
  CHECK(zone_allocator<int>(left) != zone_allocator<long>(right) && zone_allocator<int>(left) == a.get_allocator());
}

// As many objects as the allocation has room for, all usable; and any number between goes back.
template <class T, class Allocator> void room_is_usable(Allocator allocator, bool is_exact) {
  bool has_more = false;
  for (std::size_t count = 1; count <= 60000; count += count / 5 + 1) {
    for (std::size_t give = 0; give < 3; give++) {
      auto result = allocator.allocate_at_least(count);
      CHECK(result.count >= count && is_aligned(result.ptr, alignof(T)));
      has_more = has_more || result.count > count;
      std::memset(static_cast<void *>(result.ptr), 0x5a, result.count * sizeof(T));
      const std::size_t counts[] = {count, (count + result.count) / 2, result.count};
      allocator.deallocate(result.ptr, counts[give]);
    }
  }
  CHECK(has_more != is_exact);
}

struct alignas(128) wide {
  char bytes[128];
};

void allocate_at_least_uses_good_sizes(void **) {
  heap a_heap;
  zone a_zone(suite_options());
  room_is_usable<int>(heap_allocator<int>(a_heap), false);
  room_is_usable<int>(zone_allocator<int>(a_zone), false);
  room_is_usable<char>(zone_allocator<char>(a_zone), false);
  room_is_usable<wide>(zone_allocator<wide>(a_zone), true);
  room_is_usable<wide>(heap_allocator<wide>(a_heap), true);
  auto result = zone_allocator<char>(a_zone).allocate_at_least(1000);
  CHECK(result.count == slm_zone_good_size(a_zone.get(), 1000));
  zone_allocator<char>(a_zone).deallocate(result.ptr, 1000);

  cache a_cache(96, 8, suite_options());
  cache_allocator<int> ints(a_cache);
  auto slot = ints.allocate_at_least(3);
  CHECK(slot.count == 24);
  std::memset(slot.ptr, 1, 96);
  ints.deallocate(slot.ptr, 5);
  CHECK_THROWS(slabmalloc::bad_alloc, SLM_ERR_INVALID_LAYOUT, (void)ints.allocate_at_least(25));
}

void too_many_objects_are_refused(void **) {
  zone a_zone(suite_options());
  zone_allocator<int> ints(a_zone);
  for (std::size_t count : {SIZE_MAX, SIZE_MAX / sizeof(int) + 2, SIZE_MAX / 2 / sizeof(int) + 1}) {
    int thrown = 0;
    try {
      (void)ints.allocate(count);
    } catch (const std::bad_array_new_length &) {
      thrown++;
    }
    try {
      (void)ints.allocate_at_least(count);
    } catch (const std::bad_array_new_length &) {
      thrown++;
    }
    CHECK(thrown == 2);
  }
  CHECK_THROWS(slabmalloc::bad_alloc, SLM_ERR_INVALID_LAYOUT, (void)ints.allocate(SIZE_MAX / 2 / sizeof(int)));
}

void misuse_is_reported(void **) {
  recorded_misuse recorded;
  zone left(suite_options()), right(suite_options());
  zone_allocator<int> ints(left);
  int *volatile object = ints.allocate(10);
  zone_allocator<int>(right).deallocate(object, 10);
  recorded.check(SLM_ERR_FOREIGN_POINTER, object);
  ints.deallocate(object, 1000);
  recorded.check(SLM_ERR_LAYOUT_MISMATCH, object);
  ints.deallocate(object + 1, 10);
  recorded.check(SLM_ERR_INTERIOR_POINTER, object + 1);
  ints.deallocate(object, 10);
  CHECK(misuses == 0);
  ints.deallocate(object, 10);
  recorded.check(SLM_ERR_DOUBLE_FREE, object);
}

} // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(a_vector_of_a_million_ints_on_a_zone),
      cmocka_unit_test(containers_give_all_back),
      cmocka_unit_test(a_cache_serves_nodes),
      cmocka_unit_test(allocators_go_with_the_memory),
      cmocka_unit_test(allocate_at_least_uses_good_sizes),
      cmocka_unit_test(too_many_objects_are_refused),
      cmocka_unit_test(misuse_is_reported),
  };
  return cmocka_run_group_tests_name("C++ allocator", tests, nullptr, nullptr);
}
