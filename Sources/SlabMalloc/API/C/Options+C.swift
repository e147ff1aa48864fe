import CSlabmalloc

/// The flags of the profiles; at most one may be set. The small library has one profile only.
@inline(__always) private var profileFlags: UInt64 { Build.isSmall ? 0 : SLM_FAST | SLM_HARDENED }

/// The content of a valid `slm_options`, in Swift's types.
struct Options {
  let page: PageSize
  let provider: PageProvider
  let profile: Profile
  let name: UnsafePointer<CChar>?
  /// Whether several threads may call.
  let isShared: Bool
  /// The number of CPUs with their own zone; 0 if there is one zone.
  let cpuCount: UInt
  /// In bytes; 0 for none.
  let softLimit: UInt
  let hardLimit: UInt

  /// nil if a field breaks the rules in slabmalloc.h.
  init?(_ pointer: UnsafePointer<slm_options>?) {
    guard let pointer else {
      (page, provider, profile, name) = (.kib4, .none, .checked, nil)
      (isShared, cpuCount, softLimit, hardLimit) = (false, 0, 0, 0)
      return
    }
    let size = Int(pointer.pointee.struct_size)
    guard size >= MemoryLayout<slm_options>.size, GrowingStruct.isUnderstood(pointer, size: size) else { return nil }
    let options = pointer.pointee
    guard areLimits(soft: options.soft_limit, hard: options.hard_limit),
      let provider = PageProvider(options.provider), let profile = Profile(flags: options.flags)
    else { return nil }
    softLimit = Build.isSmall ? 0 : UInt(clamping: options.soft_limit)
    hardLimit = Build.isSmall ? 0 : UInt(clamping: options.hard_limit)
    switch options.threads {
    case SLM_ONE_THREAD where options.cpu_count == 0: isShared = false
    case SLM_ANY_THREAD where !Build.isSmall && options.cpu_count == 0: isShared = true
    case SLM_PER_CPU where !Build.isSmall && options.cpu_count != 0 && options.cpu_count <= SharedZone.maxCPUCount:
      isShared = true
    default: return nil
    }
    // Without its hook such a zone would take all CPUs for one.
    guard !isShared || Platform.servesThreads else { return nil }
    cpuCount = UInt(options.cpu_count)
    self.provider = provider
    self.profile = profile
    name = options.name
    guard options.page_size != 0 else {
      page = provider.pageSize ?? .kib4
      return
    }
    guard let page = PageSize(base: Int(options.page_size)), provider.pageSize == nil || provider.pageSize == page
    else { return nil }
    self.page = page
  }

  /// Bytes of storage for a zone with this many bins and, at the end, its policy. A cache is a zone with one bin.
  func storageSize(bins: UInt) -> Int {
    Build.isSmall ? sizeOfZones(bins: bins) : policyOffset(bins: bins) + MemoryLayout<Policy>.stride
  }

  /// The place of the policy in the storage.
  func policyOffset(bins: UInt) -> Int { Int(roundUp(UInt(sizeOfZones(bins: bins)), to: 8)) }

  private func sizeOfZones(bins: UInt) -> Int {
    isShared
      ? SharedZone.storageSize(cpuCount: cpuCount, bins: bins, profile) : ZonePointer.storageSize(bins: bins, profile)
  }
}

/// Whether limits of an allocator may have these values. The small library has none.
@inline(__always) func areLimits(soft: UInt64, hard: UInt64) -> Bool {
  Build.isSmall ? soft == 0 && hard == 0 : hard == 0 || soft <= hard
}

extension Profile {
  /// nil for unknown flags, and for two profiles.
  fileprivate init?(flags: UInt64) {
    guard flags & ~profileFlags == 0, flags != profileFlags || profileFlags == 0 else { return nil }
    self = flags & SLM_FAST != 0 ? .fast : flags & SLM_HARDENED != 0 ? .hardened : .checked
  }
}

extension PageProvider {
  /// nil if a field breaks the rules in slabmalloc.h. Also accepts a struct of an older header, which ended with
  /// `release_page`.
  init?(_ c: slm_page_provider) {
    guard c.struct_size != 0 else {
      guard c.allocate_page == nil, c.release_page == nil else { return nil }
      self = .none
      return
    }
    let runs = 2 * MemoryLayout<UnsafeMutableRawPointer?>.stride
    let knowsRuns = Int(c.struct_size) >= MemoryLayout<slm_page_provider>.size
    guard Int(c.struct_size) >= MemoryLayout<slm_page_provider>.size - runs,
      !knowsRuns || (c.allocate_run == nil) == (c.release_run == nil),
      c.allocate_page == nil || c.release_page != nil
    else { return nil }
    let page = PageSize(base: Int(c.page_size))
    guard c.page_size == 0 || page != nil else { return nil }
    self.init(
      pageSize: page, context: c.context, allocate: c.allocate_page, release: c.release_page,
      allocateRun: knowsRuns ? c.allocate_run : nil, releaseRun: knowsRuns ? c.release_run : nil,
      resizeRun: knowsRuns ? RunResizerPointer.function(for: c.allocate_run) : nil)
  }
}
