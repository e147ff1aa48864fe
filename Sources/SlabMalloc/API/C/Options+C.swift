import CSlabmalloc

/// The flags of the profiles, of which one may be set. The small library has one profile only.
@inline(__always) private var profileFlags: UInt64 { Build.isSmall ? 0 : SLM_FAST | SLM_HARDENED }

/// What an `slm_options` says, once it is found valid.
struct Options {
  let page: PageSize
  let provider: PageProvider
  var profile: Profile = .checked

  /// nil if a field is not as slabmalloc.h says.
  init?(_ pointer: UnsafePointer<slm_options>?) {
    guard let options = pointer?.pointee else {
      page = .kib4
      provider = .none
      return
    }
    guard options.struct_size >= UInt32(MemoryLayout<slm_options>.size), options.flags & ~profileFlags == 0,
      options.flags != profileFlags || profileFlags == 0,
      let provider = PageProvider(options.provider)
    else { return nil }
    self.provider = provider
    if options.flags & SLM_FAST != 0 { profile = .fast }
    if options.flags & SLM_HARDENED != 0 { profile = .hardened }
    guard options.page_size != 0 else {
      page = provider.pageSize ?? .kib4
      return
    }
    guard let page = PageSize(base: Int(options.page_size)), provider.pageSize == nil || provider.pageSize == page
    else {
      return nil
    }
    self.page = page
  }
}

extension PageProvider {
  init?(_ c: slm_page_provider) {
    guard c.struct_size != 0 else {
      guard c.allocate_page == nil, c.release_page == nil else { return nil }
      self = .none
      return
    }
    guard c.struct_size >= UInt32(MemoryLayout<slm_page_provider>.size),
      c.allocate_page == nil || c.release_page != nil,
      c.page_size == 0 || PageSize(base: Int(c.page_size)) != nil
    else { return nil }
    self.init(
      pageSize: PageSize(base: Int(c.page_size)), context: c.context, allocate: c.allocate_page, release: c.release_page
    )
  }

  var c: slm_page_provider {
    slm_page_provider(
      struct_size: UInt32(MemoryLayout<slm_page_provider>.size), page_size: UInt32(pageSize?.bytes ?? 0),
      context: context, allocate_page: allocate, release_page: release)
  }
}

/// The address of storage for an allocator, if it will do.
func storage(_ memory: UnsafeMutableRawPointer?, _ size: Int, needed: Int) -> UnsafeMutableRawPointer? {
  guard let memory, UInt(bitPattern: memory) & 63 == 0, UInt(bitPattern: size) >= UInt(needed) else { return nil }
  return memory
}
