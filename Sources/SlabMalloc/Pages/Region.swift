import CSlabmalloc

/// A region: memory from which base and large pages are carved. It is a page provider for programs that have memory but
/// no system, and the mmap provider's arenas are regions. A region has one range of memory or several, with holes
/// between them.
///
///     first range                             first page boundary                       end
///     | Region | MemoryRange | blocks | free maps | page | page | page | ... | page | rest |
///     another one
///     | MemoryRange | blocks | free maps | page | page | ... | page | rest |
///
/// A block is an aligned stretch of 2 MiB of the address space that a range touches. The first and the last may be
/// partial. Lists order the blocks by their number of free pages. A base page comes from the most fragmented blocks,
/// and whole blocks stay whole. A buddy allocator would give two sizes of pages in the same order.
///
///     freePages   = sum over blocks of block.freePages = bits set in the maps
///     wholeBlocks = blocks of which every page exists and is free
struct Region: ~Copyable, Linked {
  var lock: Lock
  var page: PageSize
  /// Words in the map of each block.
  var wordsPerBlock: UInt32
  /// Links of the mmap provider's list of arenas.
  var next: RegionPointer?
  var previous: RegionPointer?
  /// All ranges, the newest first.
  var ranges: MemoryRangePointer?
  var pageCount: UInt
  var freePages: UInt
  var wholeBlocks: UInt
  var ledger: Ledger
  /// Bit n is 1 if `levels[n]` is not empty.
  var levelMask: UInt32
  /// Stacks of blocks: level n holds the blocks with 2^n to 2^(n+1) - 1 free pages. Whole blocks are alone in the
  /// highest level. Blocks without a free page are in none.
  var levels: InlineArray<10, LinkedStack<MemoryRange.Block>>
}

typealias RegionPointer = UnsafeMutablePointer<Region>

extension UnsafeMutablePointer where Pointee == Region {
  /// Makes a region in a buffer; nil if the buffer cannot hold the state and one page.
  static func make(buffer: UInt, size: UInt, page: PageSize) -> RegionPointer? {
    let address = roundUp(buffer, to: UInt(MemoryLayout<Region>.alignment))
    let state = address &+ UInt(MemoryLayout<Region>.stride)
    guard MemoryRange.canBe(buffer, size), let region = RegionPointer(bitPattern: address),
      let range = MemoryRange(start: buffer, end: buffer &+ size, state: state, page: page)
    else { return nil }
    region.initialize(
      to: Region(
        lock: Lock(), page: page, wordsPerBlock: UInt32(MemoryRange.wordsPerBlock(page)), next: nil, previous: nil,
        ranges: nil, pageCount: 0, freePages: 0, wholeBlocks: 0, ledger: Ledger(), levelMask: 0,
        levels: InlineArray(repeating: LinkedStack())))
    region.add(range, at: state)
    return region
  }

  /// Adds a range of memory. One call at a time may add; other calls may take and give back pages meanwhile.
  func add(start: UInt, size: UInt) -> Status {
    guard start != 0 else { return .invalidArgument }
    guard MemoryRange.canBe(start, size) else { return .badPage }
    let end = start &+ size
    var other = pointee.ranges
    while let range = other {
      if start < range.pointee.end && range.pointee.start < end { return .pageOwned }
      other = range.pointee.next
    }
    let state = roundUp(start, to: UInt(MemoryLayout<MemoryRange>.alignment))
    guard let range = MemoryRange(start: start, end: end, state: state, page: pointee.page) else {
      return .invalidArgument
    }
    add(range, at: state)
    return .ok
  }

  /// Holds the lock for one step at a time, however large the range is.
  private func add(_ value: consuming MemoryRange, at state: UInt) {
    let range = MemoryRangePointer(bitPattern: state).unsafelyUnwrapped
    range.initialize(to: value)
    range.pointee.next = pointee.ranges
    for index in 0..<range.pointee.blockCount { range.initializeBlock(index) }
    pointee.lock.acquire()
    pointee.ranges = range
    pointee.pageCount += range.pointee.pageCount
    pointee.lock.release()
    // The lowest block comes last, and pages are taken from it first.
    var index = range.pointee.blockCount
    while index > 0 {
      index -= 1
      pointee.lock.acquire()
      update(range.pointee.blocks + Int(index), freePages: range.fill(index, page: pointee.page))
      pointee.lock.release()
    }
  }

  /// Whether every page is free.
  @inline(__always) var isWhole: Bool { pointee.freePages == pointee.pageCount }
}
