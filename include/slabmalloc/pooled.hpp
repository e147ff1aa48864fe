/**
 * @file slabmalloc/pooled.hpp
 * @brief pooled: `new` and `delete` of a class use a cache of its objects.
 *
 *     struct planet : slabmalloc::pooled<planet> { ... };
 *
 * The cache is made at the first `new`, for the whole program, and is never destroyed: objects may outlive main. It has
 * pages of slm_mmap_provider(). Only objects of exactly this class are in it. A class that derives from it and is
 * larger, and arrays, come from the global operators; the derived one needs a virtual destructor if it is deleted by a
 * pointer to its base, as ever.
 *
 * After fork() in a program with threads the child must not use it if another thread was in its cache.
 */
#ifndef SLABMALLOC_POOLED_HPP
#define SLABMALLOC_POOLED_HPP

#include "cache.hpp"

namespace slabmalloc {

/** A base of a class, for its operators. @tparam T the class.
 *  @tparam Threads #SLM_ANY_THREAD, or #SLM_ONE_THREAD for a class whose objects one thread makes and deletes. */
template <class T, std::uint32_t Threads = SLM_ANY_THREAD> class pooled {
public:
  /** The cache, for statistics and reclaim. */
  static cache_handle pool() noexcept {
    static_assert(sizeof(T) <= SLM_MAX_SIZE && alignof(T) <= SLM_LARGE_PAGE_SIZE, "no cache has such objects");
    static_assert(Threads == SLM_ANY_THREAD || Threads == SLM_ONE_THREAD, "one thread or any");
    static slm_cache_storage storage;
    static slm_cache *const cache = [] {
      slm_options options = options_with(slm_mmap_provider());
      options.threads = Threads;
      return slm_cache_init(&storage, sizeof storage, alignof(T), sizeof(T), &options, nullptr);
    }();
    return cache_handle(cache, sizeof(T), alignof(T));
  }

  // All are inlined. Else gcc sees the global operator in one that is, and warns of the class's in one that is not. Nor
  // does it see that release() tells what is of which.
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 11
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

  /** Allocates an object. Throws bad_alloc. */
  [[nodiscard, gnu::always_inline]] static void *operator new(std::size_t size) {
    if (size != sizeof(T)) return ::operator new(size);
    return detail::allocate(pool(), size, alignof(T));
  }
  /** Allocates an object of a class with a large alignment. */
  [[nodiscard, gnu::always_inline]] static void *operator new(std::size_t size, std::align_val_t alignment) {
    if (!is_own(size, alignment)) return ::operator new(size, alignment);
    return detail::allocate(pool(), size, alignof(T));
  }
  /** Allocates an object, or returns nullptr. */
  [[nodiscard, gnu::always_inline]] static void *operator new(std::size_t size, const std::nothrow_t &) noexcept {
    if (size != sizeof(T)) return ::operator new(size, std::nothrow);
    return pool().try_allocate(size, alignof(T));
  }
  /** Allocates an object of a class with a large alignment, or returns nullptr. */
  [[nodiscard, gnu::always_inline]] static void *operator new(std::size_t size, std::align_val_t alignment,
                                                              const std::nothrow_t &) noexcept {
    if (!is_own(size, alignment)) return ::operator new(size, alignment, std::nothrow);
    return pool().try_allocate(size, alignof(T));
  }
  /** Constructs in memory of yours. */
  [[nodiscard]] static void *operator new(std::size_t, void *memory) noexcept { return memory; }

  /** Deallocates an object. @see set_misuse_handler */
  [[gnu::always_inline]] static void operator delete(void *object, std::size_t size) noexcept {
    if (size != sizeof(T)) ::operator delete(object);
    else detail::deallocate(pool(), object, size, alignof(T));
  }
  /** Deallocates an object of a class with a large alignment. Without a size: compilers call no other form when the
   *  constructor throws. */
  [[gnu::always_inline]] static void operator delete(void *object, std::align_val_t alignment) noexcept {
    if (!release(object)) ::operator delete(object, alignment);
  }
  /** What `new (std::nothrow)` calls when the constructor throws. It knows no size. */
  [[gnu::always_inline]] static void operator delete(void *object, const std::nothrow_t &) noexcept {
    if (!release(object)) ::operator delete(object);
  }
  /** The same of a class with a large alignment. */
  [[gnu::always_inline]] static void operator delete(void *object, std::align_val_t alignment,
                                                     const std::nothrow_t &) noexcept {
    if (!release(object)) ::operator delete(object, alignment);
  }
  /** What `new (memory)` calls when the constructor throws. */
  static void operator delete(void *, void *) noexcept {}
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 11
#pragma GCC diagnostic pop
#endif

private:
  static bool is_own(std::size_t size, std::align_val_t alignment) noexcept {
    return size == sizeof(T) && static_cast<std::size_t>(alignment) <= alignof(T);
  }
  // Deallocates an object of unknown size, unless it is of the global operators.
  [[gnu::noinline]] static bool release(void *object) noexcept {
    if (!slm_cache_owns(pool().get(), object)) return false;
    detail::deallocate(pool(), object, 0, 1);
    return true;
  }
};

} // namespace slabmalloc

#endif /* SLABMALLOC_POOLED_HPP */
