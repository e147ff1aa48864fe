/**
 * @file slabmalloc/cache.hpp
 * @brief cache: objects of one size.
 */
#ifndef SLABMALLOC_CACHE_HPP
#define SLABMALLOC_CACHE_HPP

#include "zone.hpp"

namespace slabmalloc {
class cache;

/** Points to a cache, and knows the layout of its objects. A smaller object fits too; anything larger, or with a larger
 *  alignment, is #SLM_ERR_INVALID_LAYOUT. */
class cache_handle {
public:
  using owner_type = cache; /**< Its owner. */
  /** Points to no cache. */
  cache_handle() noexcept = default;
  /** Points to a cache that somebody else owns, with the layout that it was made with. */
  cache_handle(slm_cache *cache, std::size_t size, std::size_t alignment) noexcept
      : cache_(cache), size_(size), alignment_(alignment) {}
  /** The cache. */
  slm_cache *get() const noexcept { return cache_; }
  /** Whether an object of this layout fits into a slot. */
  bool fits(std::size_t size, std::size_t alignment) const noexcept { return size <= size_ && alignment <= alignment_; }

  /** Allocates. @return the memory, or nullptr. */
  void *try_allocate(std::size_t size, std::size_t alignment) const noexcept {
    return fits(size, alignment) ? slm_cache_allocate(cache_) : nullptr;
  }
  /** Allocates and returns why not. @see slm_cache_allocate_with */
  slm_status allocate_with(std::size_t size, std::size_t alignment, std::uint32_t flags, void **out) const noexcept {
    return fits(size, alignment) ? slm_cache_allocate_with(cache_, flags, out) : SLM_ERR_INVALID_LAYOUT;
  }
  /** Deallocates. @see slm_cache_deallocate */
  slm_status deallocate(void *pointer, std::size_t size, std::size_t alignment) const noexcept {
    return fits(size, alignment) ? slm_cache_deallocate(cache_, pointer) : SLM_ERR_LAYOUT_MISMATCH;
  }
  /** The bytes of each object, if this layout fits. */
  std::size_t good_size(std::size_t size, std::size_t alignment) const noexcept {
    return fits(size, alignment) ? size_ : size;
  }
  /** Ends the cache. @see slm_cache_destroy */
  slm_status destroy(std::size_t *live) const noexcept { return slm_cache_destroy(cache_, live); }

  /** Whether both point to the same cache. */
  friend bool operator==(cache_handle left, cache_handle right) noexcept { return left.cache_ == right.cache_; }
  /** Whether they point to different caches. */
  friend bool operator!=(cache_handle left, cache_handle right) noexcept { return left.cache_ != right.cache_; }

private:
  slm_cache *cache_ = nullptr;
  std::size_t size_ = 0;
  std::size_t alignment_ = 0;
};

/** Owns a cache of slm_cache_init(), and its storage, which comes from operator new. slm_options.threads says who may
 *  use it; one thread moves, destroys or ends it. */
class cache : public owner<cache_handle> {
public:
  /** Makes a cache for one thread, on pages of slm_mmap_provider(). Throws error, or bad_alloc if memory is refused. */
  cache(std::size_t size, std::size_t alignment) : cache(size, alignment, options_with(slm_mmap_provider())) {}
  /** Makes a cache. Throws error, or bad_alloc if there is no memory for its storage. */
  cache(std::size_t size, std::size_t alignment, const slm_options &options) {
    slm_status why = make(size, alignment, options);
    if (why != SLM_OK) detail::raise_refused(why);
  }
  /** Makes a cache, or an empty owner. @param why if not nullptr, gets #SLM_OK or the reason. @see slm_cache_init */
  cache(std::nothrow_t, std::size_t size, std::size_t alignment, const slm_options &options,
        slm_status *why = nullptr) noexcept {
    slm_status status = make(size, alignment, options);
    if (why != nullptr) *why = status;
  }
  /** Makes a cache of objects of a type. */
  template <class T> static cache of(const slm_options &options = options_with(slm_mmap_provider())) {
    return cache(sizeof(T), alignof(T), options);
  }

private:
  slm_status make(std::size_t size, std::size_t alignment, const slm_options &options) noexcept {
    slm_status why = SLM_OK;
    const std::size_t bytes = slm_cache_storage_size(&options);
    make_in_storage(bytes, &why, [&](void *storage) noexcept {
      return cache_handle(slm_cache_init(storage, bytes, alignment, size, &options, &why), size, alignment);
    });
    return why;
  }
};

} // namespace slabmalloc

#endif /* SLABMALLOC_CACHE_HPP */
