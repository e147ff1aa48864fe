/**
 * @file slabmalloc/allocator.hpp
 * @brief allocator: the standard containers in a heap, zone or cache.
 *
 * A container takes an owner where it takes an allocator: `std::vector<int, zone_allocator<int>> numbers(zone);`. It
 * must not outlive the owner. Its allocator goes with its memory when it is moved or swapped, and copies of the
 * container have the same one.
 *
 * A cache serves containers of nodes, such as std::list and std::map, if its objects are as large as the nodes.
 */
#ifndef SLABMALLOC_ALLOCATOR_HPP
#define SLABMALLOC_ALLOCATOR_HPP

#include "cache.hpp"
#include "heap.hpp"
#include "zone.hpp"
#include <limits>
#include <memory>
#include <type_traits>

namespace slabmalloc {

#if defined(__cpp_lib_allocate_at_least)
/** What allocate_at_least() returns: ptr, and count, the number of objects that it has room for. */
template <class Pointer> using allocation_result = std::allocation_result<Pointer, std::size_t>;
#else
/** What allocate_at_least() returns. C++23 has the same in the standard library. */
template <class Pointer> struct allocation_result {
  Pointer ptr;       /**< The memory. */
  std::size_t count; /**< How many objects it has room for. */
};
#endif

/** Allocates objects of a type from a heap, zone or cache. */
template <class T, class Handle> class allocator {
public:
  using value_type = T;                                          /**< What it allocates. */
  using propagate_on_container_move_assignment = std::true_type; /**< Moving a container never copies. */
  using propagate_on_container_swap = std::true_type;            /**< Containers of two zones may be swapped. */
  using is_always_equal = std::false_type;                       /**< It has a handle. */

  /** Allocates from what a handle points to. */
  explicit allocator(Handle handle) noexcept : handle_(handle) {}
  /** Allocates from what an owner owns. */
  allocator(typename Handle::owner_type &owner) noexcept : handle_(owner.handle()) {}
  /** Allocates objects of another type from where the other one does. */
  template <class Other> allocator(const allocator<Other, Handle> &other) noexcept : handle_(other.handle()) {}
  /** The handle. */
  Handle handle() const noexcept { return handle_; }

  /** Allocates memory for count objects. Throws bad_alloc, or std::bad_array_new_length if no memory is so large. */
  [[nodiscard]] T *allocate(std::size_t count) {
    return static_cast<T *>(detail::allocate(handle_, bytes_of(count), alignof(T)));
  }
  /** Allocates memory for count objects, and for as many more as the allocation has room for anyway. deallocate() takes
   *  any number from count to the result's. */
  [[nodiscard]] allocation_result<T *> allocate_at_least(std::size_t count) {
    const std::size_t room = handle_.good_size(bytes_of(count), alignof(T)) / sizeof(T);
    return {allocate(room), room};
  }
  /** Deallocates memory for count objects. @see set_misuse_handler */
  void deallocate(T *pointer, std::size_t count) noexcept {
    detail::deallocate(handle_, pointer, count * sizeof(T), alignof(T));
  }

private:
  static std::size_t bytes_of(std::size_t count) {
    if (count > static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) / sizeof(T))
      detail::raise(std::bad_array_new_length());
    return count * sizeof(T);
  }

  Handle handle_;
};

/** Whether memory of one may be deallocated by the other. */
template <class T, class U, class Handle>
bool operator==(const allocator<T, Handle> &left, const allocator<U, Handle> &right) noexcept {
  return left.handle() == right.handle();
}
/** Whether it may not. */
template <class T, class U, class Handle>
bool operator!=(const allocator<T, Handle> &left, const allocator<U, Handle> &right) noexcept {
  return left.handle() != right.handle();
}

template <class T> using heap_allocator = allocator<T, heap_handle>;   /**< Allocates from a heap. */
template <class T> using zone_allocator = allocator<T, zone_handle>;   /**< Allocates from a zone. */
template <class T> using cache_allocator = allocator<T, cache_handle>; /**< Allocates from a cache. */

} // namespace slabmalloc

#endif /* SLABMALLOC_ALLOCATOR_HPP */
