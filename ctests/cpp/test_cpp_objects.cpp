// Objects constructed in a slot: make_in, and classes whose operator new uses a cache.
#include "suite.hpp"
#include <atomic>
#include <string>
#include <thread>
#include <vector>

using slabmalloc::cache;
using slabmalloc::heap;
using slabmalloc::make_in;
using slabmalloc::pooled;
using slabmalloc::zone;

namespace {

std::uint64_t live(slm_cache *cache) {
  slm_statistics statistics = {};
  statistics.struct_size = sizeof statistics;
  CHECK(slm_cache_statistics(cache, &statistics) == SLM_OK);
  return statistics.slots_live;
}

struct star {
  star(std::string name, double magnitude) : name(std::move(name)), magnitude(magnitude) {}
  std::string name;
  double magnitude;
  counted count;
};

template <class Owner> void constructs(Owner owner) {
  auto vega = make_in<star>(owner, "Vega, whose name is too long for the string", 0.03);
  CHECK(vega->name.substr(0, 4) == "Vega" && vega->magnitude > 0.02 && counted::alive == 1);
  auto moved = std::move(vega);
  CHECK(vega == nullptr && moved != nullptr); // NOLINT: a moved pointer is empty
  auto quiet = make_in<star>(std::nothrow, owner, "Sirius", -1.46);
  CHECK(quiet != nullptr && counted::alive == 2);
  quiet.reset();
  moved = nullptr;
  CHECK(counted::alive == 0);

  // The constructor throws: the memory goes back.
  counted::refuses = true;
  int thrown = 0;
  try {
    (void)make_in<counted>(owner, 41);
  } catch (int number) {
    thrown += number;
  }
  try {
    (void)make_in<counted>(std::nothrow, owner, 1);
  } catch (int number) {
    thrown += number;
  }
  counted::refuses = false;
  CHECK(thrown == 42 && counted::alive == 0);
  std::size_t left = 99;
  CHECK(owner.destroy(&left) == SLM_OK);
  CHECK(left == 0);
}

void objects_are_made_in_slots(void **) {
  constructs(cache::of<star>(suite_options()));
  constructs(zone(suite_options()));
  constructs(heap());
  cache stars = cache::of<star>();
  slabmalloc::cache_ptr<star> none;
  CHECK(none == nullptr);
  none = make_in<star>(stars, "Deneb", 1.25);
  CHECK(slm_cache_owns(stars.get(), none.get()) && live(stars.get()) == 1);
  CHECK(slm_cache_slot_size(stars.get()) == sizeof(star));
}

void no_memory_for_an_object(void **) {
  cache small(8, 8, suite_options());
  CHECK_THROWS(slabmalloc::bad_alloc, SLM_ERR_INVALID_LAYOUT, (void)make_in<star>(small, "Rigel", 0.13));
  CHECK(make_in<star>(std::nothrow, small, "Rigel", 0.13) == nullptr && counted::alive == 0);
}

void a_second_deletion_is_reported(void **) {
  recorded_misuse recorded;
  cache numbers = cache::of<long>(suite_options());
  auto number = make_in<long>(numbers, 5);
  long *volatile again = number.get();
  number.reset();
  slabmalloc::cache_ptr<long> second(again, slabmalloc::deleter<long, slabmalloc::cache_handle>(numbers.handle()));
  second.reset();
  recorded.check(SLM_ERR_DOUBLE_FREE, again);
}

// --- operator new of a class -----------------------------------------------------------------------------------------

struct planet : pooled<planet> {
  explicit planet(int number = 0) : content(number) {}
  virtual ~planet() = default;
  counted content;
};
struct giant : planet {
  char more[500] = {};
};
struct alignas(256) wide : pooled<wide, SLM_ONE_THREAD> {
  counted content;
  char bytes[256] = {};
};
struct alignas(512) wider : wide {};

slm_cache *planets() { return planet::pool().get(); }

void new_and_delete_use_the_cache(void **) {
  const std::uint64_t before = live(planets());
  std::vector<planet *> all;
  for (int i = 0; i < 1000; i++) all.push_back(new planet(i));
  CHECK(live(planets()) == before + 1000 && slm_cache_owns(planets(), all[500]));
  CHECK(all[500]->content.number == 500 && counted::alive == 1000);
  for (planet *each : all) delete each;
  CHECK(live(planets()) == before && counted::alive == 0);
  planet *quiet = new (std::nothrow) planet;
  CHECK(quiet != nullptr && slm_cache_owns(planets(), quiet));
  delete quiet;
  delete static_cast<planet *>(nullptr);
  CHECK(live(planets()) == before);
}

// A class without constructors stays an aggregate.
struct moon : pooled<moon> {
  int radius = 0;
  long name = 0;
};
void an_aggregate_is_pooled(void **) {
  moon *io = new moon{{}, 1822, 5}, *empty = new moon{};
  CHECK(slm_cache_owns(moon::pool().get(), io) && io->radius == 1822 && io->name == 5 && empty->radius == 0);
  CHECK(sizeof(moon) == 2 * sizeof(long));
  moon copy = *io;
  delete io;
  delete empty;
  CHECK(copy.name == 5 && live(moon::pool().get()) == 0);
}

void larger_classes_and_arrays_are_elsewhere(void **) {
  const std::uint64_t before = live(planets());
  planet *large = new giant;
  planet *quiet = new (std::nothrow) giant;
  CHECK(quiet != nullptr && !slm_cache_owns(planets(), large) && !slm_cache_owns(planets(), quiet));
  delete large;
  delete quiet;
  planet *several = new planet[3];
  CHECK(!slm_cache_owns(planets(), several) && live(planets()) == before);
  delete[] several;
  alignas(planet) unsigned char memory[sizeof(planet)];
  planet *placed = new (memory) planet(3);
  CHECK(static_cast<void *>(placed) == memory && placed->content.number == 3);
  placed->~planet();
  CHECK(live(planets()) == before && counted::alive == 0);
}

void alignments_are_kept(void **) {
  slm_cache *pool = wide::pool().get();
  wide *first = new wide, *second = new (std::nothrow) wide, *derived = new wider;
  CHECK(is_aligned(first, 256) && is_aligned(second, 256) && is_aligned(derived, 512));
  CHECK(live(pool) == 2 && !slm_cache_owns(pool, derived));
  delete first;
  delete second;
  delete static_cast<wider *>(derived);
  wider *quiet = new (std::nothrow) wider;
  CHECK(is_aligned(quiet, 512));
  delete quiet;
  CHECK(live(pool) == 0 && counted::alive == 0);
}

// A constructor that throws: each form of new gives the memory back, and so does the one that knows no size.
template <class Make> bool throws(Make make) {
  counted::refuses = true;
  bool thrown = false;
  try {
    (void)make();
  } catch (int) {
    thrown = true;
  }
  counted::refuses = false;
  return thrown;
}

void a_constructor_that_throws_leaves_nothing(void **) {
  alignas(wide) unsigned char memory[sizeof(wide)];
  const std::uint64_t before = live(planets());
  CHECK(throws([] { return new planet; }) && throws([] { return new (std::nothrow) planet; }));
  CHECK(throws([] { return new giant; }) && throws([] { return new (std::nothrow) giant; }));
  CHECK(throws([] { return new wide; }) && throws([] { return new (std::nothrow) wide; }));
  CHECK(throws([] { return new wider; }) && throws([] { return new (std::nothrow) wider; }));
  CHECK(throws([&] { return new (memory) wide; }));
  CHECK(live(planets()) == before);
  CHECK(live(wide::pool().get()) == 0);
  CHECK(counted::alive == 0);
}

// No memory: new throws with the status, the quiet one returns nullptr.
struct rare : pooled<rare> {
  char bytes[100] = {};
};
void no_memory_for_a_class(void **) {
  CHECK(slm_cache_set_limits(rare::pool().get(), 0, 1) == SLM_OK);
  CHECK_THROWS(slabmalloc::bad_alloc, SLM_ERR_LIMIT, delete new rare);
  rare *quiet = new (std::nothrow) rare;
  CHECK(quiet == nullptr);
  CHECK(slm_cache_set_limits(rare::pool().get(), 0, 0) == SLM_OK);
  delete new rare;
}

void a_second_delete_is_reported(void **) {
  recorded_misuse recorded;
  void *volatile object = rare::operator new(sizeof(rare));
  rare::operator delete(object, sizeof(rare));
  rare::operator delete(object, sizeof(rare));
  recorded.check(SLM_ERR_DOUBLE_FREE, object);
}

// One thread makes what another one deletes.
struct message : pooled<message> {
  explicit message(long number) : number(number) {}
  long number;
};
void any_thread_may_delete(void **) {
  constexpr long count = 100000;
  long sums[4] = {};
  std::atomic<int> ready{0};
  std::vector<std::vector<message *>> boxes(4);
  for (int round = 0; round < 2; round++) {
    std::vector<std::thread> team;
    for (std::size_t member = 0; member < 4; member++)
      team.emplace_back([&boxes, &sums, &ready, member, round] {
        ready++;
        while (ready != 4 * (round + 1)) std::this_thread::yield(); // at once
        if (round == 0)
          for (long i = 0; i < count; i++) boxes[member].push_back(new message(i));
        else
          for (message *each : boxes[(member + 1) % 4]) {
            sums[member] += each->number;
            delete each;
          }
      });
    for (std::thread &each : team) each.join();
  }
  for (long sum : sums) CHECK(sum == count * (count - 1) / 2);
  CHECK(live(message::pool().get()) == 0);
}

} // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(objects_are_made_in_slots),     cmocka_unit_test(no_memory_for_an_object),
      cmocka_unit_test(a_second_deletion_is_reported), cmocka_unit_test(new_and_delete_use_the_cache),
      cmocka_unit_test(an_aggregate_is_pooled),        cmocka_unit_test(larger_classes_and_arrays_are_elsewhere),
      cmocka_unit_test(alignments_are_kept),           cmocka_unit_test(a_constructor_that_throws_leaves_nothing),
      cmocka_unit_test(no_memory_for_a_class),         cmocka_unit_test(a_second_delete_is_reported),
      cmocka_unit_test(any_thread_may_delete),
  };
  return cmocka_run_group_tests_name("C++ objects", tests, nullptr, nullptr);
}
