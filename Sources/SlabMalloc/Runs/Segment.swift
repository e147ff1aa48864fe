/// A stretch of address space from which page runs are taken: what needs no reading to tell whether a pointer is ours.
///
///     | guard | Reserve | table of descriptors | guard | page 0 | page 1 | ... |
///                                                      base            limit     (of `capacity` pages)
///
/// The guards, and the table beyond `tableLimit`, can't be touched. Pages up to `limit` are in use, of which a hardened process can
/// touch those that `ProcessHeap+Guards` has opened; the rest is only reserved. Each page in use belongs to one run, and both ends of
/// a run lead to its descriptor, so that a run which becomes free finds its free neighbours.
///
/// A free run is dirty, if it may have memory behind it, or clean, if it reads as 0. Lists: `dirty` and `clean`.
///
/// limit - base = bytes of slabs + of large runs + of metadata + of busy runs + dirty + clean.
struct Segment {
  var base: UInt
  var limit: UInt
  var table: UInt
  var capacity: UInt
  /// Up to here the table is usable.
  var tableLimit: UInt
  var mapping: UInt
  var mappingBytes: UInt
  /// Made for one large object, and unmapped with it. Then only the descriptor of that run is set.
  var isLone: Bool
  var loneRun: RunPointer?
  var dirty: FreeRuns
  var clean: FreeRuns
}

typealias SegmentPointer = UnsafeMutablePointer<Segment>

extension UnsafeMutablePointer where Pointee == Segment {
  /// Reserves address space for so many pages.
  static func make(_ capacity: UInt, isLone: Bool, _ system: SystemMemory) -> SegmentPointer? {
    let align = UInt(system.pageSize)
    let head = roundUp(UInt(MemoryLayout<Segment>.stride), to: align)
    let table = roundUp(capacity << PageRun.strideShift, to: align)
    // Large pages of the system start at base, if it wants to use them.
    let alignment = capacity >= 512 ? PageSize.large.size : PageRun.pageSize
    let guardPage = align
    let bytes = guardPage + head + table + guardPage + (capacity << PageRun.pageShift) + alignment
    guard let mapped = system.reserve(Int(bytes)) else { return nil }
    let memory = mapped + Int(guardPage)
    guard system.commit(memory, Int(head)) == 0 else {
      _ = system.unmap(mapped, Int(bytes))
      return nil
    }
    let (mapping, tableStart) = (UInt(bitPattern: mapped), UInt(bitPattern: memory) + head)
    let base = roundUp(tableStart + table + guardPage, to: alignment)
    let reserve = memory.assumingMemoryBound(to: Segment.self)
    reserve.initialize(
      to: Segment(
        base: base, limit: base, table: tableStart, capacity: capacity, tableLimit: tableStart,
        mapping: mapping,
        mappingBytes: bytes, isLone: isLone, loneRun: nil, dirty: .none, clean: .none))
    return reserve
  }

  @inline(__always) func contains(_ address: UInt) -> Bool {
    address &- pointee.base < pointee.limit &- pointee.base
  }

  /// The descriptor of the page around an address of the reserve's.
  @inline(__always) func descriptor(_ address: UInt) -> RunPointer {
    .at(pointee.table &+ PageRun.descriptorOffset(address &- pointee.base))
  }

  /// The run around an address of the reserve's.
  @inline(__always) func run(_ address: UInt) -> RunPointer {
    pointee.loneRun ?? descriptor(address).pointee.lead
  }

  /// Pages that are only reserved.
  var pagesLeft: UInt { pointee.capacity - (pointee.limit - pointee.base) >> PageRun.pageShift }

  /// Takes more pages into use: a clean run. Of a hardened process they become usable later, see `ProcessHeap+Guards`.
  func grow(_ pages: UInt, _ system: SystemMemory, isUsable: Bool) -> RunPointer? {
    let left = pagesLeft
    let usable = pointee.capacity - left
    guard pages <= left else { return nil }
    // 4 MiB at once, an eighth more than there is, or only what is wanted.
    let some = min(left, max(pages, max(64, usable / 8)))
    return extend(some, system, isUsable) ?? (some > pages ? extend(pages, system, isUsable) : nil)
  }

  private func extend(_ pages: UInt, _ system: SystemMemory, _ isUsable: Bool) -> RunPointer? {
    let tableEnd = descriptor(pointee.limit).address + pages << PageRun.strideShift
    if tableEnd > pointee.tableLimit {
      let new = roundUp(tableEnd, to: UInt(system.pageSize))
      guard commit(from: pointee.tableLimit, to: new, system) else { return nil }
      pointee.tableLimit = new
    }
    if isUsable {
      guard commit(from: pointee.limit, to: pointee.limit + pages << PageRun.pageShift, system) else { return nil }
    }
    let run = descriptor(pointee.limit)
    if !pointee.isLone { run.setUnused(pages: pages) }
    run.setFirst(start: pointee.limit, pages: pages)
    run.pointee.isClean = true
    pointee.limit += pages << PageRun.pageShift
    return run
  }

  private func commit(from: UInt, to: UInt, _ system: SystemMemory) -> Bool {
    system.commit(UnsafeMutableRawPointer(bitPattern: from).unsafelyUnwrapped, Int(to - from)) == 0
  }
}
