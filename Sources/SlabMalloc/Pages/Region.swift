import CSlabmalloc

/// A region: memory from which base pages, large pages and runs are carved. It is a page provider for programs that
/// have memory but no system, and the mmap provider's arenas are regions. A region has one range of memory or several,
/// with holes between them.
///
///     first range                        first page boundary                       end
///     | Region | MemoryRange | FreeTree  | page | page | page | ... | page | rest |
///     another one
///     | MemoryRange | FreeTree | page | page | ... | page | rest |
///
/// A block is an aligned stretch of 2 MiB of the address space that a range touches. The first and the last may be
/// partial. A base page comes from the block that has the fewest free pages, a run from a block that is broken already
/// if it fits into one. Whole blocks therefore stay whole, for large pages and long runs.
///
///     freePages   = sum over ranges of bits set in the trees
///     wholeBlocks = blocks of which every page exists and is free
struct Region: ~Copyable, Linked {
  var lock: Lock
  let page: PageSize
  /// Links of the mmap provider's list of arenas.
  var next: RegionPointer?
  var previous: RegionPointer?
  /// Whether the region is the mmap provider's arena of one long run.
  var isOfOneRun: Bool
  /// All ranges, the newest first.
  var ranges: MemoryRangePointer?
  var pageCount: UInt
  var freePages: UInt
  var wholeBlocks: UInt
  var ledger: Ledger
}

typealias RegionPointer = UnsafeMutablePointer<Region>

extension UnsafeMutablePointer where Pointee == Region {
  /// Makes a region in a buffer; nil if the buffer cannot hold the state and one page.
  static func make(buffer: UInt, size: UInt, page: PageSize) -> RegionPointer? {
    guard MemoryRange.canBe(buffer, size), size > 0 else { return nil }
    let address = roundUp(buffer, to: UInt(MemoryLayout<Region>.alignment))
    let state = roundUp(
      address &+ UInt(MemoryLayout<Region>.stride), to: UInt(MemoryLayout<MemoryRange>.alignment))
    guard let region = RegionPointer(bitPattern: address),
      let range = MemoryRange(start: buffer, last: buffer &+ (size &- 1), state: state, page: page)
    else { return nil }
    region.initialize(
      to: Region(
        lock: Lock(), page: page, next: nil, previous: nil, isOfOneRun: false, ranges: nil, pageCount: 0,
        freePages: 0, wholeBlocks: 0, ledger: Ledger()))
    region.add(range, at: state)
    return region
  }

  /// Adds a range of memory. One call at a time may add; other calls may take and give back pages meanwhile.
  func add(start: UInt, size: UInt) -> Status {
    guard start != 0 else { return .invalidArgument }
    guard MemoryRange.canBe(start, size) else { return .badPage }
    guard size > 0 else { return .invalidArgument }
    let last = start &+ (size &- 1)
    var other = pointee.ranges
    while let range = other {
      if start <= range.pointee.last && range.pointee.start <= last { return .pageOwned }
      other = range.pointee.next
    }
    let state = roundUp(start, to: UInt(MemoryLayout<MemoryRange>.alignment))
    guard let range = MemoryRange(start: start, last: last, state: state, page: pointee.page) else {
      return .invalidArgument
    }
    add(range, at: state)
    return .ok
  }

  /// The range is ready before others see it, and the lock is held for a moment.
  private func add(_ value: MemoryRange, at state: UInt) {
    let range = MemoryRangePointer(bitPattern: state).unsafelyUnwrapped
    range.initialize(to: value)
    range.pointee.next = pointee.ranges
    range.free.start()
    let first = range.index(value.firstPage, pointee.page)
    let whole = range.free.mark(first, value.pageCount, free: true)
    pointee.lock.acquire()
    pointee.ranges = range
    pointee.pageCount &+= value.pageCount
    pointee.freePages &+= value.pageCount
    pointee.wholeBlocks &+= UInt(bitPattern: whole)
    pointee.lock.release()
  }

  /// Whether every page is free.
  @inline(__always) var isWhole: Bool { pointee.freePages == pointee.pageCount }
}
