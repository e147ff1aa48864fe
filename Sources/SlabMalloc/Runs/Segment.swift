/// A stretch of address space from which runs are taken. Arithmetic alone shows whether a pointer lies in it.
///
///     | guard | Segment | table of descriptors | guard | page 0 | page 1 | ... |
///                                                        base            limit     (of `capacity` pages)
///
/// The guards, and the table beyond `tableLimit`, are out of reach. Pages up to `limit` are in use. The rest is only
/// reserved. A hardened process commits of the pages in use only what `RunPool+Guards` describes. Each page in use
/// belongs to one run. Both ends of a run lead to its descriptor: a run that becomes free finds its free neighbours
/// there.
///
/// A free run is dirty if it may have memory behind it, and clean if it reads as 0. The lists are `dirty` and `clean`.
///
/// Invariant: limit - base = bytes of slabs + large runs + metadata + busy runs + dirty + clean. Lock: that of the run
/// pool.
struct Segment {
  var base: UInt
  var limit: UInt
  var table: UInt
  var capacity: UInt
  /// The table is committed up to here.
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
    let largePage = PageSize.large.size
    let alignment = capacity >= 16 * (largePage >> PageRun.pageShift) ? largePage : PageRun.pageSize
    let guardPage = align
    let bytes = guardPage + head + table + guardPage + (capacity << PageRun.pageShift) + alignment
    guard let mapped = system.reserve(Int(bytes)) else { return nil }
    let mapping = UInt(bitPattern: mapped)
    guard system.commit(at: mapping + guardPage, head) else {
      system.unmap(at: mapping, bytes)
      return nil
    }
    let tableStart = mapping + guardPage + head
    let base = roundUp(tableStart + table + guardPage, to: alignment)
    let segment = (mapped + Int(guardPage)).assumingMemoryBound(to: Segment.self)
    segment.initialize(
      to: Segment(
        base: base, limit: base, table: tableStart, capacity: capacity, tableLimit: tableStart, mapping: mapping,
        mappingBytes: bytes, isLone: isLone, loneRun: nil, dirty: .none, clean: .none))
    return segment
  }

  @inline(__always) func contains(_ address: UInt) -> Bool {
    address &- pointee.base < pointee.limit &- pointee.base
  }

  /// The descriptor of the page around an address of this segment.
  @inline(__always) func descriptor(_ address: UInt) -> RunPointer {
    .at(pointee.table &+ PageRun.descriptorOffset(address &- pointee.base))
  }

  /// The run around an address of this segment.
  @inline(__always) func run(_ address: UInt) -> RunPointer {
    pointee.loneRun ?? descriptor(address).pointee.lead
  }

  /// Pages that are only reserved.
  var pagesLeft: UInt { pointee.capacity - (pointee.limit - pointee.base) >> PageRun.pageShift }

  var dirtyBytes: UInt { pointee.dirty.pages << PageRun.pageShift }

  /// Takes more pages into use: a clean run. A hardened process commits them later, see `RunPool+Guards`.
  func grow(_ pages: UInt, _ system: SystemMemory, commits: Bool) -> RunPointer? {
    let left = pagesLeft
    let inUse = pointee.capacity - left
    guard pages <= left else { return nil }
    // 4 MiB at once, or an eighth more than there is. If the system refuses that, only what is wanted.
    let some = min(left, max(pages, max(64, inUse / 8)))
    return extend(some, system, commits) ?? (some > pages ? extend(pages, system, commits) : nil)
  }

  private func extend(_ pages: UInt, _ system: SystemMemory, _ commits: Bool) -> RunPointer? {
    let tableEnd = descriptor(pointee.limit).address + pages << PageRun.strideShift
    if tableEnd > pointee.tableLimit {
      let new = roundUp(tableEnd, to: UInt(system.pageSize))
      guard system.commit(at: pointee.tableLimit, new - pointee.tableLimit) else { return nil }
      pointee.tableLimit = new
    }
    if commits {
      guard system.commit(at: pointee.limit, pages << PageRun.pageShift) else { return nil }
    }
    let run = descriptor(pointee.limit)
    if !pointee.isLone { run.setUnused(pages: pages) }
    run.setFirst(start: pointee.limit, pages: pages)
    run.pointee.isClean = true
    pointee.limit += pages << PageRun.pageShift
    return run
  }
}
