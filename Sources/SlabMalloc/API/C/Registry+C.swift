import CSlabmalloc

/// A registry: a list of zones and caches in memory of the client. The list holds while a visitor changes it, because
/// each walk in progress is known to the registry, and a removed entry is taken from all of them:
///
///     registry.first -> entry -> entry -> entry -> nil
///     registry.walks -> walk { next } -> walk { next } -> nil
struct RegistryWalk {
  var next: UnsafeMutablePointer<slm_registry_entry>?
  var outer: UnsafeMutablePointer<RegistryWalk>?
}

@_cdecl("slm_registry_add_zone") @implementation
public func slm_registry_add_zone(
  _ registry: UnsafeMutablePointer<slm_registry>, _ entry: UnsafeMutablePointer<slm_registry_entry>,
  _ zone: OpaquePointer
) -> slm_status {
  registry.add(entry, zone)
}

@_cdecl("slm_registry_add_cache") @implementation
public func slm_registry_add_cache(
  _ registry: UnsafeMutablePointer<slm_registry>, _ entry: UnsafeMutablePointer<slm_registry_entry>,
  _ cache: OpaquePointer
) -> slm_status {
  registry.add(entry, cache)
}

@_cdecl("slm_registry_remove") @implementation
public func slm_registry_remove(
  _ registry: UnsafeMutablePointer<slm_registry>, _ entry: UnsafeMutablePointer<slm_registry_entry>
) -> slm_status {
  registry.remove(entry)
}

@_cdecl("slm_registry_for_each") @implementation
public func slm_registry_for_each(
  _ registry: UnsafeMutablePointer<slm_registry>,
  _ visitor: slm_registry_visitor,
  _ context: UnsafeMutableRawPointer?
) -> slm_status {
  registry.forEach { row in
    withUnsafePointer(to: row) { visitor(context, $0) }
  }
  return .ok
}

extension UnsafeMutablePointer where Pointee == slm_registry {
  fileprivate func add(_ entry: UnsafeMutablePointer<slm_registry_entry>, _ zone: OpaquePointer) -> Status {
    guard AnyZone(zone).first.isInitialized else { return .notInitialized }
    guard entry.pointee.registry == nil else { return .inUse }
    entry.initialize(to: slm_registry_entry(next: nil, registry: self, allocator: UnsafeMutableRawPointer(zone)))
    if let last = pointee.last { last.pointee.next = entry } else { pointee.first = entry }
    pointee.last = entry
    return .ok
  }

  fileprivate func remove(_ entry: UnsafeMutablePointer<slm_registry_entry>) -> Status {
    var before: UnsafeMutablePointer<slm_registry_entry>?
    var found = pointee.first
    while let candidate = found, candidate != entry { (before, found) = (candidate, candidate.pointee.next) }
    guard found != nil else { return .invalidArgument }
    let next = entry.pointee.next
    if let before { before.pointee.next = next } else { pointee.first = next }
    if pointee.last == entry { pointee.last = before }
    var walk = walks
    while let current = walk {
      if current.pointee.next == entry { current.pointee.next = next }
      walk = current.pointee.outer
    }
    entry.initialize(to: slm_registry_entry(next: nil, registry: nil, allocator: nil))
    return .ok
  }

  private var walks: UnsafeMutablePointer<RegistryWalk>? {
    pointee.walks?.assumingMemoryBound(to: RegistryWalk.self)
  }

  /// Calls the body with the row of each allocator that is initialised, as long as it returns true.
  func forEach(_ body: (slm_registry_row) -> Bool) {
    var walk = RegistryWalk(next: pointee.first, outer: walks)
    withUnsafeMutablePointer(to: &walk) { walk in
      pointee.walks = UnsafeMutableRawPointer(walk)
      while let entry = walk.pointee.next {
        walk.pointee.next = entry.pointee.next
        guard let row = entry.row else { continue }
        guard body(row) else { break }
      }
      pointee.walks = UnsafeMutableRawPointer(walk.pointee.outer)
    }
  }
}

extension UnsafeMutablePointer where Pointee == slm_registry_entry {
  /// nil if the allocator is not initialised.
  fileprivate var row: slm_registry_row? {
    guard let allocator = pointee.allocator else { return nil }
    let zone = AnyZone(OpaquePointer(allocator))
    var statistics = slm_statistics()
    statistics.struct_size = UInt32(MemoryLayout<slm_statistics>.size)
    guard withUnsafeMutablePointer(to: &statistics, { zone.statistics($0) }) == .ok else { return nil }
    var row = slm_registry_row()
    row.struct_size = UInt32(MemoryLayout<slm_registry_row>.size)
    if zone.first.pointee.binCount == 1 {
      row.cache = OpaquePointer(allocator)
    } else {
      row.zone = OpaquePointer(allocator)
    }
    row.name = zone.first.pointee.name
    row.objects_live = statistics.slots_live
    row.bytes_live = statistics.bytes_live
    row.bytes_held = statistics.bytes_held
    row.bytes_peak = statistics.bytes_peak
    row.slots = statistics.objects_large
    zone.withOne { one in
      one.forEachSlab { slab in
        guard one.isIntact(slab) else { return }
        row.slabs += 1
        row.slots += UInt64(slab.pointee.slotCount)
      }
    }
    return row
  }
}
