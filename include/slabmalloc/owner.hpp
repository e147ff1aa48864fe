/**
 * @file slabmalloc/owner.hpp
 * @brief What heap, zone and cache have in common: they own it, move, and end it.
 *
 * A *handle* is a pointer to a heap, zone or cache, copied freely, with its functions under one grammar. Allocators,
 * resources and pointers hold a handle, and must not outlive the owner:
 *
 *     heap, zone, cache ── own ──> slm_heap, slm_zone, slm_cache <── point to ── handles in allocators, resources, ...
 *
 * Memory for a zone or cache stays where it is when its owner moves, so handles stay valid.
 */
#ifndef SLABMALLOC_OWNER_HPP
#define SLABMALLOC_OWNER_HPP

#include "error.hpp"
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace slabmalloc {
namespace detail {

/** Whether each object of a size is so aligned without being asked for. No power of two, or 0, is never natural. */
constexpr bool is_natural(std::size_t size, std::size_t alignment) noexcept {
  return alignment - 1 < (size <= 8 ? 8 : 16) && (alignment & (alignment - 1)) == 0;
}

/** The alignment of storage for a zone or cache. */
inline constexpr std::align_val_t storage_alignment{64};

/** Allocates, or throws bad_alloc. */
template <class Handle> void *allocate(Handle handle, std::size_t size, std::size_t alignment) {
  void *memory = handle.try_allocate(size, alignment);
  if (memory != nullptr) return memory;
  slm_status status = handle.allocate_with(size, alignment, 0, &memory); // says why not, unless there is memory by now
  if (status == SLM_OK) return memory;
  raise(bad_alloc(status));
}

// The pointer of a misuse was not deallocated by the call that refused it, which gcc can't know.
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuse-after-free"
#endif
/** Deallocates, or reports the misuse. */
template <class Handle>
void deallocate(Handle handle, void *pointer, std::size_t size, std::size_t alignment) noexcept {
  check(handle.deallocate(pointer, size, alignment), pointer);
}
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
#pragma GCC diagnostic pop
#endif

} // namespace detail

/** Owns a heap, zone or cache: see slabmalloc::heap, slabmalloc::zone and slabmalloc::cache. */
template <class Handle> class owner {
public:
  owner(const owner &) = delete;
  owner &operator=(const owner &) = delete;
  /** Takes over what the other one owns; that one is empty afterwards. */
  owner(owner &&other) noexcept
      : handle_(std::exchange(other.handle_, Handle())), owns_storage_(std::exchange(other.owns_storage_, false)) {}
  /** Ends what it owned, as the destructor, and takes over what the other one owns. */
  owner &operator=(owner &&other) noexcept {
    if (this == &other) return *this;
    end();
    handle_ = std::exchange(other.handle_, Handle());
    owns_storage_ = std::exchange(other.owns_storage_, false);
    return *this;
  }
  /** Ends it with all its objects, whose destructors don't run. A zone that can't end, since pages were pushed and it
   *  has no release_page, or since caches have pages of it, is reported as misuse. It and its storage are left. */
  ~owner() { end(); }

  /** Whether it owns something: it was made, not moved from, and not destroyed. */
  explicit operator bool() const noexcept { return get() != nullptr; }
  /** The heap, zone or cache, for the functions of slabmalloc.h; nullptr if empty. */
  auto get() const noexcept { return handle_.get(); }
  /** The handle, for allocators, resources and pointers. */
  Handle handle() const noexcept { return handle_; }

  /** Allocates size bytes, without an alignment aligned for any object of that size. Throws bad_alloc. */
  [[nodiscard]] void *allocate(std::size_t size, std::size_t alignment = 1) {
    return detail::allocate(handle_, size, alignment);
  }
  /** Allocates size bytes. @return the memory, or nullptr. */
  [[nodiscard]] void *try_allocate(std::size_t size, std::size_t alignment = 1) noexcept {
    return handle_.try_allocate(size, alignment);
  }
  /** Deallocates an object, and checks its size and alignment. @return as slm_zone_deallocate_aligned_sized(). */
  slm_status deallocate(void *pointer, std::size_t size, std::size_t alignment = 1) noexcept {
    return handle_.deallocate(pointer, size, alignment);
  }

  /** Ends it with all its objects. @param live if not nullptr, gets how many were still live.
   *  @return #SLM_OK, and it is empty; #SLM_ERR_NOT_INITIALIZED if it was; of zones and caches also
   *  #SLM_ERR_NO_PROVIDER, #SLM_ERR_IN_USE and #SLM_ERR_REENTRANT, and it is unchanged. */
  slm_status destroy(std::size_t *live = nullptr) noexcept {
    if (!*this) return SLM_ERR_NOT_INITIALIZED;
    void *storage = get();
    slm_status status = handle_.destroy(live);
    if (status != SLM_OK) return status;
    handle_ = Handle();
    if (std::exchange(owns_storage_, false)) ::operator delete(storage, detail::storage_alignment);
    return SLM_OK;
  }

protected:
  owner() noexcept = default;

  /** Takes storage, and owns what init makes in it; empty if that is nothing. */
  template <class Init> void make_in_storage(std::size_t size, slm_status *why, Init init) noexcept {
    // No storage is needed for options that are not allowed: init says which status they have.
    void *storage = ::operator new(size == 0 ? 64 : size, detail::storage_alignment, std::nothrow);
    if (storage == nullptr) {
      *why = SLM_ERR_OUT_OF_MEMORY;
      return;
    }
    handle_ = init(storage);
    owns_storage_ = handle_.get() != nullptr;
    if (!owns_storage_) ::operator delete(storage, detail::storage_alignment);
  }

  Handle handle_;             /**< Empty, or what it owns. */
  bool owns_storage_ = false; /**< Whether the storage is of operator new. */

private:
  void end() noexcept {
    if (*this) detail::check(destroy(), get());
  }
};

} // namespace slabmalloc

#endif /* SLABMALLOC_OWNER_HPP */
