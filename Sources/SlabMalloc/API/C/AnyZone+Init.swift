import CSlabmalloc

/// Makes a zone or, with the layout of its objects, a cache: a plain one or a shared one, as the options say. Stores
/// the reason in `why`.
extension AnyZone {
  @inline(never) static func make(
    in memory: UnsafeMutableRawPointer?, _ size: Int, _ options: UnsafePointer<slm_options>?,
    objects: (size: UInt, alignment: UInt)? = nil, _ why: UnsafeMutablePointer<slm_status>?
  ) -> OpaquePointer? {
    let bins = objects == nil ? SizeClass.count : 1
    var status = Status.invalidArgument
    var zone: OpaquePointer?
    if let options = Options(options),
      let memory = options.storage(memory, size, needed: options.storageSize(bins: bins))
    {
      var slotSize: UInt? = 0
      if let objects {
        slotSize = SlabMalloc.slotSize(size: objects.size, alignment: objects.alignment, profile: options.profile)
      }
      if let slotSize {
        options.make(in: memory, bins: bins, slotSize: slotSize)
        zone = OpaquePointer(memory)
        status = .ok
      } else {
        status = .invalidLayout
      }
    }
    why?.pointee = status
    return zone
  }
}

extension Options {
  /// `slotSize` is 0 for a zone of all size classes.
  fileprivate func make(in memory: UnsafeMutableRawPointer, bins: UInt, slotSize: UInt) {
    var policy: PolicyPointer?
    if !Build.isSmall {
      policy = memory.advanced(by: policyOffset(bins: bins)).assumingMemoryBound(to: Policy.self)
      policy?.initialize(to: Policy(isShared: isShared, softLimit: softLimit, hardLimit: hardLimit))
      if cpuCount != 0 {
        policy?.pointee.reclaimGroup = sharedZoneReclaim
        policy?.pointee.group = memory
      }
    }
    guard !Build.isSmall, isShared else {
      return start(memory.assumingMemoryBound(to: ZoneState.self), Sharing(), policy, slotSize: slotSize)
    }
    memory.assumingMemoryBound(to: SharedZone.self).initialize(
      cpuCount: cpuCount, bins: bins, page: page, profile: profile
    ) { start($0, $1, policy, slotSize: slotSize) }
  }

  private func start(_ zone: ZonePointer, _ sharing: Sharing, _ policy: PolicyPointer?, slotSize: UInt) {
    if slotSize == 0 {
      zone.initialize(page: page, provider: provider, sharing: sharing, profile: profile)
    } else {
      zone.initialize(slotSize: slotSize, page: page, provider: provider, sharing: sharing, profile: profile)
    }
    zone.pointee.name = name
    if !Build.isSmall { zone.pointee.policy = policy }
  }

  /// The storage for an allocator, if it is large enough and aligned to a cache line.
  fileprivate func storage(_ memory: UnsafeMutableRawPointer?, _ size: Int, needed: Int) -> UnsafeMutableRawPointer? {
    guard let memory, bits(memory) & 63 == 0, UInt(bitPattern: size) >= UInt(needed) else { return nil }
    return memory
  }
}
