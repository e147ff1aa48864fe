/**
 * @file slabmalloc/zone.hpp
 * @brief zone: objects of any size, on pages of a provider or of yours.
 */
#ifndef SLABMALLOC_ZONE_HPP
#define SLABMALLOC_ZONE_HPP

#include "owner.hpp"

namespace slabmalloc {
class zone;

/** Options with a provider and all else at its default. `auto options = options_with(slm_mmap_provider());`. */
inline slm_options options_with(const slm_page_provider &provider) noexcept {
  slm_options options = SLM_DEFAULT_OPTIONS;
  options.provider = provider;
  return options;
}

/** Points to a zone. */
class zone_handle {
public:
  using owner_type = zone; /**< Its owner. */
  /** Points to no zone. */
  zone_handle() noexcept = default;
  /** Points to a zone that somebody else owns. */
  explicit zone_handle(slm_zone *zone) noexcept : zone_(zone) {}
  /** The zone. */
  slm_zone *get() const noexcept { return zone_; }

  /** Allocates. @return the memory, or nullptr. */
  void *try_allocate(std::size_t size, std::size_t alignment) const noexcept {
    if (detail::is_natural(size, alignment)) return slm_zone_allocate(zone_, size);
    return slm_zone_allocate_aligned(zone_, alignment, size);
  }
  /** Allocates and returns why not. @see slm_zone_allocate_with */
  slm_status allocate_with(std::size_t size, std::size_t alignment, std::uint32_t flags, void **out) const noexcept {
    return slm_zone_allocate_with(zone_, alignment, size, flags, out);
  }
  /** Deallocates. @see slm_zone_deallocate_aligned_sized */
  slm_status deallocate(void *pointer, std::size_t size, std::size_t alignment) const noexcept {
    if (detail::is_natural(size, alignment)) return slm_zone_deallocate_sized(zone_, pointer, size);
    return slm_zone_deallocate_aligned_sized(zone_, pointer, alignment, size);
  }
  /** The bytes that an allocation of size bytes gets, at least size. */
  std::size_t good_size(std::size_t size, std::size_t alignment) const noexcept {
    return detail::is_natural(size, alignment) ? std::max(size, slm_zone_good_size(zone_, size)) : size;
  }
  /** Ends the zone. @see slm_zone_destroy */
  slm_status destroy(std::size_t *live) const noexcept { return slm_zone_destroy(zone_, live); }

  /** Whether both point to the same zone. */
  friend bool operator==(zone_handle left, zone_handle right) noexcept { return left.zone_ == right.zone_; }
  /** Whether they point to different zones. */
  friend bool operator!=(zone_handle left, zone_handle right) noexcept { return left.zone_ != right.zone_; }

private:
  slm_zone *zone_ = nullptr;
};

/** Owns a zone of slm_zone_init(), and its storage, which comes from operator new. slm_options.threads says who may
 *  use it; one thread moves, destroys or ends it. */
class zone : public owner<zone_handle> {
public:
  /** Makes a zone for one thread, on pages of slm_mmap_provider(). Throws bad_alloc. */
  zone() : zone(options_with(slm_mmap_provider())) {}
  /** Makes a zone. Throws error, or bad_alloc if there is no memory for its storage. */
  explicit zone(const slm_options &options) {
    slm_status why = make(options);
    if (why != SLM_OK) detail::raise_refused(why);
  }
  /** Makes a zone, or an empty owner. @param why if not nullptr, gets #SLM_OK or the reason. @see slm_zone_init */
  zone(std::nothrow_t, const slm_options &options, slm_status *why = nullptr) noexcept {
    slm_status status = make(options);
    if (why != nullptr) *why = status;
  }
  /** Makes a zone in storage of yours, which it must not outlive. Throws error. */
  zone(slm_zone_storage &storage, const slm_options &options) {
    slm_status why = SLM_OK;
    handle_ = zone_handle(slm_zone_init(&storage, sizeof storage, &options, &why));
    if (!*this) detail::raise_refused(why);
  }

private:
  slm_status make(const slm_options &options) noexcept {
    slm_status why = SLM_OK;
    const std::size_t size = slm_zone_storage_size(&options);
    make_in_storage(size, &why,
                    [&](void *storage) noexcept { return zone_handle(slm_zone_init(storage, size, &options, &why)); });
    return why;
  }
};

} // namespace slabmalloc

#endif /* SLABMALLOC_ZONE_HPP */
