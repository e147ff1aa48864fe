import Synchronization

/// Lookups beyond the fast path: with all levels, large pages, and changes by other CPUs.
extension UnsafeMutablePointer where Pointee == PageDirectory {
  /// The slab around an address; nil if the zone has none there. In a directory that CPUs share, the caller holds the
  /// lock of one of their zones.
  @inline(never) func slab(around address: UInt) -> SlabPointer? {
    guard !Build.isSmall, pointee.isShared else { return find(address) }
    let before = pointee.version.load(ordering: .acquiring)
    if before & 1 == 0 {
      let slab = find(address)
      atomicMemoryFence(ordering: .acquiring)
      if pointee.version.load(ordering: .relaxed) == before { return slab }
    }
    pointee.lock.acquire()
    defer { pointee.lock.release() }
    return find(address)
  }

  @inline(__always) private func find(_ address: UInt) -> SlabPointer? {
    guard pointee.view.rootOffset != 0 else { return nil }
    let key = key(of: address)
    if let distance = distance(of: key), distance != noSlab {
      return SlabPointer.ending(with: key &+ distance &<< pointee.view.pageShift)
    }
    guard !Build.isSmall, distance(of: firstKey(address)) == largeDistance else { return nil }
    return SlabPointer.ending(with: address | PageSize.large.mask)
  }

  @inline(__always) func key(of address: UInt) -> UInt { address | pointee.view.pageMask }

  /// The key of the first base page of the large page around an address.
  @inline(__always) private func firstKey(_ address: UInt) -> UInt { key(of: address & ~PageSize.large.mask) }

  /// The distance in the entry of a large page.
  @inline(__always) var largeDistance: UInt { PageSize.large.mask &>> pointee.view.pageShift }

  /// The distance in the entry of a page that is no slab's.
  @inline(__always) var noSlab: UInt { pointee.view.pageMask }

  /// Whether the zone holds the page around an address, for any purpose, as far as entries tell.
  func holds(_ address: UInt) -> Bool {
    if distance(of: key(of: address)) != nil { return true }
    return !Build.isSmall && distance(of: firstKey(address)) == largeDistance
  }

  /// Whether the zone holds a page of a run. The caller holds the lock of a shared directory.
  func holdsAny(_ address: UInt, _ bytes: UInt) -> Bool {
    var offset: UInt = 0
    while offset < bytes {
      if holds(address &+ offset) { return true }
      offset &+= page.size
    }
    return !Build.isSmall && pointee.runs.overlaps(address, bytes)
  }

  /// The distance in a page's entry; nil if there is none.
  private func distance(of key: UInt) -> UInt? {
    let hash = DirectoryView.hash(key)
    let (leaf, _) = leaf(of: hash)
    return place(of: key, hash, in: leaf).map { leaf[Int(bitPattern: $0)] ^ key }
  }

  /// The place of a page's entry in its leaf. Other CPUs may change the leaf meanwhile, and the search ends after one
  /// round at the latest.
  func place(of key: UInt, _ hash: UInt, in leaf: UnsafeMutablePointer<UInt>) -> UInt? {
    let mask = lastPlace(of: leaf)
    var place = hash & mask
    for _ in 0...mask {
      let entry = leaf[Int(bitPattern: place)]
      if place != mask {
        if entry == 0 { return nil }
        if entry ^ key <= pointee.view.pageMask { return place }
      }
      place = (place &+ 1) & mask
    }
    return nil
  }

  /// The leaf of a hash, and the slot that leads to it, with the level of its node: 0 for the root.
  ///
  /// Another CPU may change the root meanwhile. Its offset alone tells what it is, and one read takes it.
  func leaf(of hash: UInt) -> (leaf: UnsafeMutablePointer<UInt>, slot: (place: UnsafeMutablePointer<UInt>, level: UInt)) {
    let offset = atomic(fieldPointer(&pointee.view.rootOffset)).pointee.load(ordering: .relaxed)
    var place = UnsafeMutableRawPointer(view).assumingMemoryBound(to: UInt.self) + offset
    var shift = DirectoryView.rootShift
    var level: UInt = 0
    if offset != Self.onlyLeafOffset { place += Int(bitPattern: hash &>> shift & (tableCount &- 1)) }
    while true {
      let slot = atomic(place).pointee.load(ordering: .relaxed)
      if slot & 1 == 1 { return (DirectoryViewPointer.leaf(slot), (place, level)) }
      shift &+= nodeBits
      level &+= 1
      place = UnsafeMutablePointer<UInt>(bitPattern: slot).unsafelyUnwrapped
        + Int(bitPattern: hash &>> shift & (tableCount &- 1))
    }
  }
}
