/**
 * @file slabmalloc.hpp
 * @brief slabmalloc in C++17 and newer: owners, allocators, memory resources and pointers. Header only.
 *
 * @code
 * slabmalloc::zone zone;                                                    // pages of the operating system
 * std::vector<int, slabmalloc::zone_allocator<int>> numbers(1000000, zone); // a container in a zone
 *
 * slabmalloc::heap heap; // any thread; all of it ends with the heap
 * slabmalloc::heap_resource resource(heap);
 * std::pmr::map<std::pmr::string, int> counts(&resource); // a container that knows std::pmr
 *
 * slabmalloc::cache stars = slabmalloc::cache::of<star>();    // objects of one size
 * auto vega = slabmalloc::make_in<star>(stars, "Vega", 0.03); // constructed in a slot of the cache
 *
 * struct planet : slabmalloc::pooled<planet> { ... }; // `new planet` and `delete` use a cache of planets
 * @endcode
 *
 * | what                                | header                    |
 * |-------------------------------------|---------------------------|
 * | `error`, `bad_alloc`, misuse        | slabmalloc/error.hpp      |
 * | `heap`, `zone`, `cache`             | slabmalloc/heap.hpp, ...  |
 * | `allocator` for containers          | slabmalloc/allocator.hpp  |
 * | `resource` for `std::pmr`           | slabmalloc/resource.hpp   |
 * | `make_in`, `unique_ptr`             | slabmalloc/unique.hpp     |
 * | `pooled`: operator new of a class   | slabmalloc/pooled.hpp     |
 *
 * Each function costs what the C function of the same name does, and may be called from where that may be. Without
 * exceptions (-fno-exceptions) what would throw ends the program with one line on stderr; the functions that are
 * noexcept stay as they are.
 */
#ifndef SLABMALLOC_HPP
#define SLABMALLOC_HPP

#include "slabmalloc/allocator.hpp"
#include "slabmalloc/cache.hpp"
#include "slabmalloc/error.hpp"
#include "slabmalloc/heap.hpp"
#include "slabmalloc/pooled.hpp"
#include "slabmalloc/resource.hpp"
#include "slabmalloc/unique.hpp"
#include "slabmalloc/zone.hpp"

#endif /* SLABMALLOC_HPP */
