/**
 * @file slabmalloc/unique.hpp
 * @brief make_in: an object constructed in a heap, zone or cache, and the pointer that owns it.
 *
 * The pointer must not outlive the heap, zone or cache. It is no pointer to a base class: the deallocation names the
 * size of the object.
 */
#ifndef SLABMALLOC_UNIQUE_HPP
#define SLABMALLOC_UNIQUE_HPP

#include "cache.hpp"
#include "heap.hpp"
#include "zone.hpp"
#include <memory>

namespace slabmalloc {

/** Destroys an object and deallocates its memory. */
template <class T, class Handle> class deleter {
public:
  /** Deletes nothing. */
  deleter() noexcept = default;
  /** Deletes objects of what a handle points to. */
  explicit deleter(Handle handle) noexcept : handle_(handle) {}
  /** Destroys and deallocates. @see set_misuse_handler */
  void operator()(T *object) const noexcept {
    object->~T();
    detail::deallocate(handle_, object, sizeof(T), alignof(T));
  }

private:
  Handle handle_;
};

/** Owns an object in a heap, zone or cache. */
template <class T, class Handle> using unique_ptr = std::unique_ptr<T, deleter<T, Handle>>;
template <class T> using heap_ptr = unique_ptr<T, heap_handle>;   /**< Owns an object in a heap. */
template <class T> using zone_ptr = unique_ptr<T, zone_handle>;   /**< Owns an object in a zone. */
template <class T> using cache_ptr = unique_ptr<T, cache_handle>; /**< Owns an object in a cache. */

namespace detail {

/** Memory that goes back unless an object was constructed in it. */
template <class T, class Handle> class place {
public:
  place(Handle handle, void *memory) noexcept : handle_(handle), memory_(memory) {}
  place(const place &) = delete;
  place &operator=(const place &) = delete;
  ~place() {
    if (memory_ != nullptr) deallocate(handle_, memory_, sizeof(T), alignof(T));
  }
  template <class... Arguments> unique_ptr<T, Handle> construct(Arguments &&...arguments) {
    if (memory_ == nullptr) return unique_ptr<T, Handle>(nullptr, deleter<T, Handle>(handle_));
    T *object = ::new (memory_) T(std::forward<Arguments>(arguments)...);
    memory_ = nullptr;
    return unique_ptr<T, Handle>(object, deleter<T, Handle>(handle_));
  }

private:
  Handle handle_;
  void *memory_;
};

} // namespace detail

/** Constructs an object in a heap, zone or cache, as std::make_unique does with operator new. Throws bad_alloc, and
 *  what the constructor throws: then the memory was deallocated. */
template <class T, class Handle, class... Arguments>
[[nodiscard]] unique_ptr<T, Handle> make_in(owner<Handle> &owner, Arguments &&...arguments) {
  detail::place<T, Handle> place(owner.handle(), owner.allocate(sizeof(T), alignof(T)));
  return place.construct(std::forward<Arguments>(arguments)...);
}
/** The same without bad_alloc: an empty pointer if there is no memory. */
template <class T, class Handle, class... Arguments>
[[nodiscard]] unique_ptr<T, Handle> make_in(std::nothrow_t, owner<Handle> &owner, Arguments &&...arguments) {
  detail::place<T, Handle> place(owner.handle(), owner.try_allocate(sizeof(T), alignof(T)));
  return place.construct(std::forward<Arguments>(arguments)...);
}

} // namespace slabmalloc

#endif /* SLABMALLOC_UNIQUE_HPP */
