// What slabmalloc.hpp has: a container in a zone, objects of a cache, a class with a cache of its own, and errors.
#include <cstdio>
#include <slabmalloc.hpp>
#include <string>
#include <vector>

// [vector
long long sum_of_a_million() {
  slabmalloc::zone zone; // pages of the operating system; all of them go back when it ends
  std::vector<int, slabmalloc::zone_allocator<int>> numbers(zone);
  for (int i = 0; i < 1000000; i++) numbers.push_back(i);
  long long sum = 0;
  for (int number : numbers) sum += number;
  return sum;
}
// vector]

// [cache
struct star {
  std::string name;
  double magnitude;
  star(std::string name, double magnitude) : name(std::move(name)), magnitude(magnitude) {}
};

void look_at_stars() {
  slabmalloc::cache stars = slabmalloc::cache::of<star>();
  slabmalloc::cache_ptr<star> vega = slabmalloc::make_in<star>(stars, "Vega", 0.03);
  std::printf("%s has magnitude %.2f\n", vega->name.c_str(), vega->magnitude);
} // the star goes before its cache
// cache]

// [pooled
struct planet : slabmalloc::pooled<planet> {
  int moons = 0;
};

bool is_pooled() {
  planet *mars = new planet{{}, 2}; // a slot of the cache of planets
  bool is_there = slm_cache_owns(planet::pool().get(), mars);
  delete mars;
  return is_there;
}
// pooled]

// [errors
void run_out_of_memory() {
  slm_options options = slabmalloc::options_with(slm_mmap_provider());
  options.hard_limit = 1 << 20;
  slabmalloc::zone zone(options);
  try {
    std::vector<char, slabmalloc::zone_allocator<char>> much(8 << 20, zone);
  } catch (const slabmalloc::bad_alloc &failure) { // a std::bad_alloc
    std::printf("%s\n", failure.what());
  }
  options.page_size = 5;
  slm_status why;
  slabmalloc::zone none(std::nothrow, options, &why); // no exception: an empty owner
  if (!none) std::printf("%s\n", slm_status_name(why));
}
// errors]

int main() {
  std::printf("%lld\n", sum_of_a_million());
  look_at_stars();
  std::printf("%s\n", is_pooled() ? "in the cache of planets" : "elsewhere");
  run_out_of_memory();
}
