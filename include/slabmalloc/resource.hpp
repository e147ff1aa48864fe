/**
 * @file slabmalloc/resource.hpp
 * @brief resource: a heap, zone or cache as a std::pmr::memory_resource.
 *
 * It points to the owner, and must not outlive it. do_deallocate() has no result: its misuse goes to the handler of
 * set_misuse_handler().
 */
#ifndef SLABMALLOC_RESOURCE_HPP
#define SLABMALLOC_RESOURCE_HPP

#include "cache.hpp"
#include "heap.hpp"
#include "zone.hpp"
#include <memory_resource>

namespace slabmalloc {

/** A memory resource over a heap or zone. Two are equal if they are over the same one. */
template <class Handle> class resource final : public std::pmr::memory_resource {
public:
  /** Over what a handle points to. */
  explicit resource(Handle handle) noexcept : handle_(handle) {}
  /** Over what an owner owns. */
  explicit resource(typename Handle::owner_type &owner) noexcept : handle_(owner.handle()) {}

private:
  void *do_allocate(std::size_t size, std::size_t alignment) override {
    return detail::allocate(handle_, size, alignment);
  }
  void do_deallocate(void *pointer, std::size_t size, std::size_t alignment) override {
    detail::deallocate(handle_, pointer, size, alignment);
  }
  bool do_is_equal(const std::pmr::memory_resource &other) const noexcept override {
    const auto *same = dynamic_cast<const resource *>(&other);
    return same != nullptr && same->handle_ == handle_;
  }

  Handle handle_;
};

/** A memory resource over a cache. What fits into its slots is there, all else is of the upstream resource. Two are
 *  equal if they are over the same cache and have equal upstreams. */
template <> class resource<cache_handle> final : public std::pmr::memory_resource {
public:
  /** Over what a handle points to. @param upstream refuses all if it is left out. */
  explicit resource(cache_handle handle,
                    std::pmr::memory_resource *upstream = std::pmr::null_memory_resource()) noexcept
      : handle_(handle), upstream_(upstream) {}
  /** Over what an owner owns. @param upstream refuses all if it is left out. */
  explicit resource(cache &owner, std::pmr::memory_resource *upstream = std::pmr::null_memory_resource()) noexcept
      : resource(owner.handle(), upstream) {}

private:
  void *do_allocate(std::size_t size, std::size_t alignment) override {
    if (!handle_.fits(size, alignment)) return upstream_->allocate(size, alignment);
    return detail::allocate(handle_, size, alignment);
  }
  void do_deallocate(void *pointer, std::size_t size, std::size_t alignment) override {
    if (!handle_.fits(size, alignment)) return upstream_->deallocate(pointer, size, alignment);
    detail::deallocate(handle_, pointer, size, alignment);
  }
  bool do_is_equal(const std::pmr::memory_resource &other) const noexcept override {
    const auto *same = dynamic_cast<const resource *>(&other);
    return same != nullptr && same->handle_ == handle_ && same->upstream_->is_equal(*upstream_);
  }

  cache_handle handle_;
  std::pmr::memory_resource *upstream_;
};

using heap_resource = resource<heap_handle>;   /**< Over a heap. */
using zone_resource = resource<zone_handle>;   /**< Over a zone. */
using cache_resource = resource<cache_handle>; /**< Over a cache, with an upstream. */

} // namespace slabmalloc

#endif /* SLABMALLOC_RESOURCE_HPP */
