/// A stretch of address space from which runs are taken. Arithmetic alone shows whether a pointer lies in it.
///
///     | Segment | table of descriptors | guard | page 0 | page 1 | ... |
///                         |      tableLimit      base            limit     (of `capacity` pages)
///
/// Pages up to `limit` are in use, and the table up to `tableLimit`. What follows either is out of reach. In a reserved
/// segment it is reserved. In a placed one it is not even mapped: it costs nothing, counts towards no limit of the
/// process, and is mapped once it is needed. If another mapping has come to lie there by then, the segment is full. A
/// hardened process commits of the pages in use only what `RunPool+Guards` describes. Each page in use belongs to one
/// run. Both ends of a run lead to its descriptor: a run that becomes free finds its free neighbours there.
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
  /// What was reserved, or of a placed segment, where it may grow.
  var mapping: UInt
  var mappingBytes: UInt
  var isPlaced: Bool
  /// Pages have any content before their first use.
  var startsDirty: Bool
  /// What the system was told of each huge page, see `HugePages`: two bits each. 0 if it is told nothing.
  var hugeMap: UInt
  var dirty: FreeRuns
  var clean: FreeRuns
}

typealias SegmentPointer = UnsafeMutablePointer<Segment>

extension UnsafeMutablePointer where Pointee == Segment {
  /// Makes a segment with room for so many pages.
  static func make(_ capacity: UInt, isPlaced: Bool, _ system: SystemMemory) -> SegmentPointer? {
    let align = UInt(system.pageSize)
    let mapBytes = isPlaced ? HugePages.mapBytes(capacity) : 0
    let head = roundUp(UInt(MemoryLayout<Segment>.stride) + mapBytes, to: align)
    let table = roundUp(capacity << PageRun.strideShift, to: align)
    // Large pages of the system start at base, if it wants to use them.
    let largePage = PageSize.large.size
    let isLarge = capacity >= 16 * (largePage >> PageRun.pageShift)
    let alignment = isLarge ? largePage : PageRun.pageSize
    let guardPage = align
    let bytes = guardPage + head + table + guardPage + (capacity << PageRun.pageShift) + alignment
    let (mapped, start): (UnsafeMutableRawPointer, UInt)
    if isPlaced {
      guard let placed = system.place(Int(bytes), Int(head)) else { return nil }
      (mapped, start) = (placed, UInt(bitPattern: placed))
    } else {
      guard let reserved = system.reserve(Int(bytes)) else { return nil }
      (mapped, start) = (reserved + Int(guardPage), UInt(bitPattern: reserved) + guardPage)
      guard system.commit(at: start, head) else {
        system.unmap(at: UInt(bitPattern: reserved), bytes)
        return nil
      }
      system.excludeFromDumps(at: start + head, bytes - guardPage - head)
    }
    let base = roundUp(start + head + table + guardPage, to: alignment)
    let segment = mapped.assumingMemoryBound(to: Segment.self)
    segment.initialize(
      to: Segment(
        base: base, limit: base, table: start + head, capacity: capacity, tableLimit: start + head,
        mapping: isPlaced ? start : start - guardPage, mappingBytes: bytes, isPlaced: isPlaced, startsDirty: false,
        hugeMap: isPlaced ? UInt(bitPattern: segment + 1) : 0, dirty: .none, clean: .none))
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
  @inline(__always) func run(_ address: UInt) -> RunPointer { descriptor(address).pointee.lead }

  private var pagesInUse: UInt { (pointee.limit - pointee.base) >> PageRun.pageShift }

  /// Pages that are not in use yet.
  var pagesLeft: UInt { pointee.capacity - pagesInUse }

  var dirtyBytes: UInt { pointee.dirty.pages << PageRun.pageShift }

  /// Takes more pages into use: a clean run. A hardened process commits them later, see `RunPool+Guards`.
  func grow(_ pages: UInt, _ system: SystemMemory, commits: Bool) -> RunPointer? {
    let left = pagesLeft
    guard pages <= left else { return nil }
    // 4 MiB at once, or an eighth more than there is, up to the end of a huge page. If the system refuses that, only
    // what is wanted.
    let end = roundUp(pagesInUse + max(pages, max(64, pagesInUse / 8)), to: HugePages.pages)
    let some = min(left, end - pagesInUse)
    let start = pointee.limit
    var mapped = extend(some, system, commits)
    if mapped != .done, some > pages { mapped = extend(pages, system, commits) }
    // The segment is full.
    if mapped == .taken { pointee.capacity = pagesInUse }
    return mapped == .done ? descriptor(start) : nil
  }

  private func extend(_ pages: UInt, _ system: SystemMemory, _ commits: Bool) -> SystemMemory.Mapped {
    let tableEnd = descriptor(pointee.limit).address + pages << PageRun.strideShift
    if tableEnd > pointee.tableLimit {
      let new = roundUp(tableEnd, to: UInt(system.pageSize))
      let mapped = use(pointee.tableLimit, new - pointee.tableLimit, system, commits: true)
      guard mapped == .done else { return mapped }
      pointee.tableLimit = new
    }
    let mapped = use(pointee.limit, pages << PageRun.pageShift, system, commits: commits)
    guard mapped == .done else { return mapped }
    let run = descriptor(pointee.limit)
    run.setUnused(pages: pages)
    run.setFirst(start: pointee.limit, pages: pages)
    run.pointee.isClean = !pointee.startsDirty
    pointee.limit += pages << PageRun.pageShift
    return .done
  }

  private func use(_ start: UInt, _ bytes: UInt, _ system: SystemMemory, commits: Bool) -> SystemMemory.Mapped {
    if pointee.isPlaced { return system.map(at: start, bytes, isUsable: commits) }
    system.includeInDumps(at: start, bytes)
    if !commits || system.commit(at: start, bytes) { return .done }
    // The border between what dumps have and what they leave out is one of two mappings. At the limit of mappings the
    // whole rest goes into dumps: the used memory before can then grow without a new mapping.
    let end = start < pointee.base ? pointee.base : pointee.mapping + pointee.mappingBytes
    system.includeInDumps(at: start, end - start)
    if system.commit(at: start, bytes) { return .done }
    system.excludeFromDumps(at: start, end - start)
    return .refused
  }
}
