// Owners of heaps, zones and caches: made, moved, destroyed, refused; an allocation and what is reported of it.
#include "suite.hpp"
#include <type_traits>

using slabmalloc::cache;
using slabmalloc::heap;
using slabmalloc::zone;

namespace {

template <class Owner> void is_move_only() {
  static_assert(!std::is_copy_constructible_v<Owner> && !std::is_copy_assignable_v<Owner>);
  static_assert(std::is_nothrow_move_constructible_v<Owner> && std::is_nothrow_move_assignable_v<Owner>);
}

slm_options no_such_flag() {
  slm_options options = suite_options();
  options.flags = UINT64_C(1) << 63;
  return options;
}

std::size_t live_objects(heap &heap) {
  slm_heap_usage usage = {};
  usage.struct_size = sizeof usage;
  CHECK(slm_heap_statistics(heap.get(), &usage) == SLM_OK);
  return usage.objects_live;
}

// An owner that was made: allocates, reports by status, moves, and ends once.
template <class Owner> void works(Owner owner, Owner other) {
  CHECK(bool(owner));
  void *volatile object = owner.allocate(24);
  CHECK(is_aligned(object, 8));
  std::memset(object, 7, 24);
  CHECK(owner.deallocate(object, 24) == SLM_OK);
  CHECK(owner.deallocate(object, 24) == SLM_ERR_DOUBLE_FREE);

  object = owner.try_allocate(24);
  CHECK(object != nullptr);
  const auto inner = owner.get();
  Owner moved = std::move(owner);
  CHECK(!owner && owner.get() == nullptr && moved.get() == inner); // NOLINT: the former owner is empty
  CHECK(moved.deallocate(object, 24) == SLM_OK);

  object = moved.allocate(24);
  const auto former = other.get();
  CHECK(former != nullptr);
  other = std::move(moved);
  CHECK(other.get() == inner && !moved);
  Owner &self = other;
  other = std::move(self);
  CHECK(other.get() == inner);
  CHECK(other.handle() == other.handle() && other.handle() != moved.handle());

  std::size_t live = 99;
  CHECK(other.destroy(&live) == SLM_OK);
  CHECK(live == 1 && !other);
  CHECK(other.destroy() == SLM_ERR_NOT_INITIALIZED);
}

void owners_work(void **) {
  is_move_only<heap>();
  is_move_only<zone>();
  is_move_only<cache>();
  const std::uint64_t before = pages_out();
  works(heap(), heap());
  works(zone(suite_options()), zone(suite_options()));
  works(cache(24, 8, suite_options()), cache(40, 8, suite_options()));
  works(zone(), zone());
  works(cache(24, 8), cache(24, 8));
  CHECK(pages_out() == before);
}

// Each kind of options that has a storage size of its own.
void zones_for_each_kind_of_threads(void **) {
  for (std::uint32_t threads : {SLM_ONE_THREAD, SLM_ANY_THREAD, SLM_PER_CPU}) {
    slm_options options = suite_options();
    options.threads = threads;
    options.cpu_count = threads == SLM_PER_CPU ? 3 : 0;
    works(zone(options), zone(options));
    works(cache(24, 8, options), cache(24, 8, options));
  }
}

void what_cannot_be_made_throws(void **) {
  const slm_options wrong = no_such_flag();
  CHECK_THROWS(slabmalloc::error, SLM_ERR_INVALID_ARGUMENT, heap made(wrong));
  CHECK_THROWS(slabmalloc::error, SLM_ERR_INVALID_ARGUMENT, zone made(wrong));
  CHECK_THROWS(slabmalloc::error, SLM_ERR_INVALID_ARGUMENT, cache made(24, 8, wrong));
  CHECK_THROWS(slabmalloc::error, SLM_ERR_INVALID_LAYOUT, cache made(24, 3));
  static slm_zone_storage storage;
  CHECK_THROWS(slabmalloc::error, SLM_ERR_INVALID_ARGUMENT, zone made(storage, wrong));
  // A heap on memory that is not there.
  slm_page_provider nothing = SLM_NO_PROVIDER;
  nothing.struct_size = sizeof nothing;
  nothing.allocate_page = [](void *, std::size_t) -> void * { return nullptr; };
  nothing.release_page = [](void *, void *, std::size_t) {};
  nothing.allocate_run = [](void *, std::size_t, std::size_t) -> void * { return nullptr; };
  nothing.release_run = [](void *, void *, std::size_t) {};
  const slm_options empty = slabmalloc::options_with(nothing);
  CHECK_THROWS(slabmalloc::bad_alloc, SLM_ERR_OUT_OF_MEMORY, heap made(empty));
}

void what_cannot_be_made_is_empty_without_exceptions(void **) {
  const slm_options wrong = no_such_flag(), right = suite_options();
  slm_status why = SLM_OK;
  heap no_heap(std::nothrow, &wrong, &why);
  CHECK(!no_heap && why == SLM_ERR_INVALID_ARGUMENT);
  zone no_zone(std::nothrow, wrong, &(why = SLM_OK));
  CHECK(!no_zone && why == SLM_ERR_INVALID_ARGUMENT);
  cache no_cache(std::nothrow, 24, 3, right, &(why = SLM_OK));
  CHECK(!no_cache && why == SLM_ERR_INVALID_LAYOUT);
  CHECK(no_zone.destroy() == SLM_ERR_NOT_INITIALIZED);
  static_assert(std::is_nothrow_constructible_v<heap, std::nothrow_t>);
  static_assert(std::is_nothrow_constructible_v<zone, std::nothrow_t, const slm_options &>);

  heap a_heap(std::nothrow, nullptr, &why);
  CHECK(bool(a_heap) && why == SLM_OK);
  why = SLM_ERR_LIMIT;
  zone a_zone(std::nothrow, right, &why);
  CHECK(bool(a_zone) && why == SLM_OK);
  why = SLM_ERR_LIMIT;
  cache a_cache(std::nothrow, 24, 8, right, &why);
  CHECK(bool(a_cache) && why == SLM_OK);
  CHECK(bool(heap(std::nothrow)) && bool(zone(std::nothrow, right)) && bool(cache(std::nothrow, 24, 8, right)));
}

// An allocation that fails throws with its status, or returns nullptr.
void a_refused_allocation_says_why(void **) {
  slm_options options = suite_options();
  options.hard_limit = 65536;
  zone small(options);
  CHECK_THROWS(slabmalloc::bad_alloc, SLM_ERR_LIMIT, (void)small.allocate(1 << 20));
  CHECK_THROWS(slabmalloc::bad_alloc, SLM_ERR_INVALID_LAYOUT, (void)small.allocate(8, 3));
  CHECK(small.try_allocate(1 << 20) == nullptr);
  cache slots(24, 8, suite_options());
  CHECK_THROWS(slabmalloc::bad_alloc, SLM_ERR_INVALID_LAYOUT, (void)slots.allocate(25));
  CHECK_THROWS(slabmalloc::bad_alloc, SLM_ERR_INVALID_LAYOUT, (void)slots.allocate(24, 16));
  CHECK(slots.try_allocate(24, 16) == nullptr);
  void *object = slots.allocate(20);
  CHECK(slots.deallocate(object, 25) == SLM_ERR_LAYOUT_MISMATCH);
  CHECK(slots.deallocate(object, 24) == SLM_OK);
  slm_options limits = SLM_DEFAULT_OPTIONS;
  limits.hard_limit = 1 << 20;
  heap limited(limits);
  CHECK_THROWS(slabmalloc::bad_alloc, SLM_ERR_LIMIT, (void)limited.allocate(2 << 20));
  const volatile std::size_t most = SIZE_MAX;
  CHECK_THROWS(slabmalloc::bad_alloc, SLM_ERR_INVALID_LAYOUT, (void)limited.allocate(most));
  // A std::bad_alloc, as a caller of new expects.
  bool caught = false;
  try {
    (void)limited.allocate(2 << 20);
  } catch (const std::bad_alloc &) {
    caught = true;
  }
  CHECK(caught);
}

void alignments_are_served(void **) {
  heap a_heap;
  zone a_zone(suite_options());
  for (std::size_t alignment = 1; alignment <= 65536; alignment *= 2) {
    for (std::size_t size : {std::size_t(1), std::size_t(8), std::size_t(100), std::size_t(300000)}) {
      void *first = a_heap.allocate(size, alignment), *second = a_zone.allocate(size, alignment);
      CHECK(is_aligned(first, alignment) && is_aligned(second, alignment));
      CHECK(a_heap.deallocate(first, size, alignment) == SLM_OK);
      CHECK(a_zone.deallocate(second, size, alignment) == SLM_OK);
    }
  }
  CHECK(live_objects(a_heap) == 0);
}

// A zone in storage of the program: the owner ends it, and leaves the storage alone.
void a_zone_in_your_storage(void **) {
  static slm_zone_storage storage;
  for (int round = 0; round < 2; round++) {
    zone there(storage, suite_options());
    CHECK(static_cast<void *>(there.get()) == &storage);
    zone moved = std::move(there);
    CHECK(moved.allocate(100) != nullptr);
  }
}

// An owner's end that is refused is reported, and loses nothing: the zone still works.
void an_end_that_is_refused_is_reported(void **) {
  alignas(4096) static unsigned char page[4096];
  slm_zone *left = nullptr;
  recorded_misuse recorded;
  {
    zone pushed(suite_options(SLM_NO_PROVIDER));
    CHECK(slm_zone_refill(pushed.get(), 1, 32, page, sizeof page) == SLM_OK);
    CHECK(pushed.destroy() == SLM_ERR_NO_PROVIDER && bool(pushed));
    left = pushed.get();
  }
  recorded.check(SLM_ERR_NO_PROVIDER, left);
  void *object = slm_zone_allocate(left, 32);
  CHECK(object != nullptr && slm_zone_deallocate(left, object) == SLM_OK);
  CHECK(slm_zone_reclaim_page(left, sizeof page) == page);
  zone adopted = [&] {
    CHECK(slm_zone_destroy(left, nullptr) == SLM_OK);
    ::operator delete(static_cast<void *>(left), std::align_val_t(64));
    return zone(suite_options());
  }();
  CHECK(bool(adopted));
  {
    cache lender(24, 8, suite_options(slm_zone_provider(adopted.get())));
    CHECK(lender.allocate(24) != nullptr);
    CHECK(adopted.destroy() == SLM_ERR_IN_USE && bool(adopted));
  }
  CHECK(adopted.destroy() == SLM_OK && misuses == 0);
}

void the_handler_is_exchanged(void **) {
  const slabmalloc::misuse_handler first = slabmalloc::set_misuse_handler([](const slm_misuse &) {});
  CHECK(first == slabmalloc::report_and_abort);
  const slabmalloc::misuse_handler second = slabmalloc::set_misuse_handler(nullptr);
  CHECK(second != first && slabmalloc::set_misuse_handler(nullptr) == slabmalloc::report_and_abort);
}

} // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(owners_work),
      cmocka_unit_test(zones_for_each_kind_of_threads),
      cmocka_unit_test(what_cannot_be_made_throws),
      cmocka_unit_test(what_cannot_be_made_is_empty_without_exceptions),
      cmocka_unit_test(a_refused_allocation_says_why),
      cmocka_unit_test(alignments_are_served),
      cmocka_unit_test(a_zone_in_your_storage),
      cmocka_unit_test(an_end_that_is_refused_is_reported),
      cmocka_unit_test(the_handler_is_exchanged),
  };
  return cmocka_run_group_tests_name("C++ owners", tests, nullptr, nullptr);
}
