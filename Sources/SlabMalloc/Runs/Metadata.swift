/// Memory for heaps, and for the marks and words of slabs. It lies far from what programs write, and it is dense.
///
/// Blocks of so many cache lines are carved from pages of their own. For each block size there is a list of pages with
/// a free block. A page without used blocks becomes free, unless it is the only one of its list.
struct Metadata {
  /// Lists of blocks of up to 94 lines, and one for all that is larger.
  var pages: InlineArray<96, LinkedList<PageRun>>
  /// Pages held.
  var pageCount: UInt

  static var none: Self { Self(pages: InlineArray(repeating: LinkedList()), pageCount: 0) }

  static let line: UInt = 64

  static func lines(_ bytes: UInt) -> UInt { (bytes + line - 1) / line }

  /// The list of blocks of so many lines. Only heaps have more than there are lists for, and all heaps as many.
  static func list(_ lines: UInt) -> Int { min(Int(lines), listOfHeaps) }

  private static var listOfHeaps: Int { 95 }

  /// Whether a block has pages of its own: a heap has.
  static func isAlone(_ lines: UInt) -> Bool { list(lines) == listOfHeaps }
}

/// A page of metadata: a view of its descriptor.
struct MetadataPage {
  let run: RunPointer

  @inline(__always) init(_ run: RunPointer) { self.run = run }

  /// Bytes of a block.
  var blockSize: UInt {
    get { UInt(run.pointee.slotSize) }
    nonmutating set { run.pointee.slotSize = UInt32(newValue) }
  }
  var usedBlocks: UInt32 {
    get { run.pointee.tally }
    nonmutating set { run.pointee.tally = newValue }
  }
  /// Blocks that were ever taken: those behind them are unused.
  var carvedBlocks: UInt16 {
    get { run.pointee.slotCount }
    nonmutating set { run.pointee.slotCount = newValue }
  }
  /// The first free block, 0 if there is none. Free blocks are linked by their first word.
  var firstFree: UInt {
    get { run.pointee.content }
    nonmutating set { run.pointee.content = newValue }
  }

  var isFull: Bool { UInt(usedBlocks + 1) * blockSize > run.usableBytes }

  static func nextFree(_ block: UInt) -> UnsafeMutablePointer<UInt> {
    UnsafeMutablePointer<UInt>(bitPattern: block).unsafelyUnwrapped
  }
}
