/// Statistics of one size class of a zone.
public struct ClassStatistics: Equatable, Sendable {
  /// Size of a slot, in bytes.
  public var slotSize: Int
  /// Bytes of the pages that `refill` takes for the class.
  public var pageSize: Int
  public var slotsPerPage: Int
  /// Slabs of the class.
  public var pages = 0
  /// The slabs without a live slot, among `pages`.
  public var emptyPages = 0
  public var slotsLive = 0
}

/// Statistics are counted on request by a walk over the slabs, because allocation and deallocation keep no counts. The
/// walk skips a slab with a broken guard, because its descriptor may be wrong.
///
/// The zones per CPU share their directory, and each of them counts the slabs of all.
extension UnsafeMutablePointer where Pointee == ZoneState {
  func statistics(of index: UInt) -> ClassStatistics {
    let bin = bin(index)
    let pageSize = pageSize(of: bin)
    var result = ClassStatistics(
      slotSize: Int(bin.pointee.slotSize), pageSize: Int(pageSize),
      slotsPerPage: Int(bin.geometry(bytes: pageSize).slotCount))
    forEachIntactSlab { slab in
      guard UInt(slab.pointee.binIndex) == index else { return }
      let live = liveSlots(slab)
      result.pages += 1
      result.emptyPages += live == 0 ? 1 : 0
      result.slotsLive += Int(live)
    }
    return result
  }

  /// Live objects, and the bytes of their slots and runs.
  var live: (slots: UInt, bytes: UInt) {
    var (slots, bytes) = (UInt(0), UInt(0))
    forEachIntactSlab { slab in
      let live = liveSlots(slab)
      slots += live
      bytes += live * slab.slotSize
    }
    forEachLiveRun {
      slots += 1
      bytes += $0.pointee.bytes
    }
    return (slots, bytes)
  }

  var liveSlots: UInt { live.slots }

  /// Pages that serve the zone itself: of its directory, and of descriptors of runs.
  var tablePages: UInt64 { pointee.directory?.pointee.ledger.pagesHeld ?? 0 }

  /// Calls the body with each slab. The body may release the slab's pages, but change the directory no further.
  func forEachSlab(_ body: (SlabPointer) -> Void) {
    guard isInitialized, let directory = pointee.directory else { return }
    directory.locked { directory.forEachSlab(body) }
  }

  /// Calls the body with the run of each large object, by address.
  func forEachLiveRun(_ body: (ObjectRunPointer) -> Void) {
    guard !Build.isSmall, isInitialized, let directory = pointee.directory else { return }
    directory.locked {
      var run = directory.pointee.runs.firstLive(from: 0)
      while let found = run {
        body(found)
        run = directory.pointee.runs.firstLive(from: found.pointee.start &+ 1)
      }
    }
  }

  func forEachIntactSlab(_ body: (SlabPointer) -> Void) {
    forEachSlab { if isIntact($0) { body($0) } }
  }

  /// Live slots of a slab: its used slots that are not pending. Another CPU may change its slab meanwhile: the number
  /// is then of no one moment, but never less than none.
  func liveSlots(_ slab: SlabPointer) -> UInt {
    let pending = slab.pendingCount
    let used = min(slab.used, UInt(slab.pointee.slotCount))
    return used < pending ? 0 : used &- pending
  }
}
