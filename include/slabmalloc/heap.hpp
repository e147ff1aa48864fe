/**
 * @file slabmalloc/heap.hpp
 * @brief heap: objects of any size, for any thread, which end with it.
 */
#ifndef SLABMALLOC_HEAP_HPP
#define SLABMALLOC_HEAP_HPP

#include "owner.hpp"

namespace slabmalloc {
class heap;

/** Points to a heap. */
class heap_handle {
public:
  using owner_type = heap; /**< Its owner. */
  /** Points to no heap. */
  heap_handle() noexcept = default;
  /** Points to a heap that somebody else owns. */
  explicit heap_handle(slm_heap *heap) noexcept : heap_(heap) {}
  /** The heap. */
  slm_heap *get() const noexcept { return heap_; }

  /** Allocates. @return the memory, or nullptr. */
  void *try_allocate(std::size_t size, std::size_t alignment) const noexcept {
    if (detail::is_natural(size, alignment)) return slm_heap_allocate(heap_, size);
    return slm_heap_allocate_aligned(heap_, alignment, size);
  }
  /** Allocates and returns why not. @see slm_heap_allocate_with */
  slm_status allocate_with(std::size_t size, std::size_t alignment, std::uint32_t flags, void **out) const noexcept {
    return slm_heap_allocate_with(heap_, alignment, size, flags, out);
  }
  /** Deallocates. @see slm_heap_deallocate_aligned_sized */
  slm_status deallocate(void *pointer, std::size_t size, std::size_t alignment) const noexcept {
    if (detail::is_natural(size, alignment)) return slm_heap_deallocate_sized(heap_, pointer, size);
    return slm_heap_deallocate_aligned_sized(heap_, pointer, alignment, size);
  }
  /** The bytes that an allocation of size bytes gets, at least size. */
  std::size_t good_size(std::size_t size, std::size_t alignment) const noexcept {
    return detail::is_natural(size, alignment) ? std::max(size, slm_heap_good_size(heap_, size)) : size;
  }
  /** Ends the heap. @see slm_heap_destroy */
  slm_status destroy(std::size_t *live) const noexcept { return slm_heap_destroy(heap_, live); }

  /** Whether both point to the same heap. */
  friend bool operator==(heap_handle left, heap_handle right) noexcept { return left.heap_ == right.heap_; }
  /** Whether they point to different heaps. */
  friend bool operator!=(heap_handle left, heap_handle right) noexcept { return left.heap_ != right.heap_; }

private:
  slm_heap *heap_ = nullptr;
};

/** Owns a heap of slm_heap_create(). Any thread may use it; one moves, destroys or ends it. */
class heap : public owner<heap_handle> {
public:
  /** Makes a heap on memory of the operating system. Throws bad_alloc. */
  heap() : heap(nullptr) {}
  /** Makes a heap with options: name, limits, provider. Throws error, or bad_alloc if memory is refused. */
  explicit heap(const slm_options &options) : heap(&options) {}
  /** Makes a heap, or an empty owner. @param options nullptr: the defaults.
   *  @param why if not nullptr, gets #SLM_OK or the reason. @see slm_heap_create */
  explicit heap(std::nothrow_t, const slm_options *options = nullptr, slm_status *why = nullptr) noexcept {
    handle_ = heap_handle(slm_heap_create(options, why));
  }

private:
  explicit heap(const slm_options *options) {
    slm_status why = SLM_OK;
    handle_ = heap_handle(slm_heap_create(options, &why));
    if (!*this) detail::raise_refused(why);
  }
};

} // namespace slabmalloc

#endif /* SLABMALLOC_HEAP_HPP */
