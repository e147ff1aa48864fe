/// Memory for heaps, and for the marks and words of slabs. It lies far from what programs write, and it is dense.
///
/// Blocks of so many cache lines are carved from pages of their own. For each block size there is a list of pages with
/// a free block. A page without used blocks becomes free, unless it is the only one of its list.
struct Metadata {
  /// Lists of blocks of up to 94 lines, of 128 and of 256, and one of heaps.
  var pages: InlineArray<98, LinkedList<PageRun>>
  /// Pages held.
  var pageCount: UInt

  static var none: Self { Self(pages: InlineArray(repeating: LinkedList()), pageCount: 0) }

  static let line: UInt = 64

  static func lines(_ bytes: UInt) -> UInt { (bytes + line - 1) / line }

  /// Lines of a block of any size up to 16 KiB.
  static func roundedLines(_ bytes: UInt) -> UInt {
    let lines = lines(bytes)
    return lines <= 94 ? lines : lines <= 128 ? 128 : 256
  }

  /// The list of blocks of so many lines. Only heaps have another number of them, and all heaps the same.
  static func list(_ lines: UInt) -> Int {
    if lines <= 94 { return Int(lines) }
    return lines == 128 ? 95 : lines == 256 ? 96 : listOfHeaps
  }

  private static var listOfHeaps: Int { 97 }

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

  /// A heap is alone in its run, also where that has room for two.
  var isFull: Bool {
    UInt(usedBlocks + 1) * blockSize > run.usableBytes || usedBlocks > 0 && Metadata.isAlone(blockSize / Metadata.line)
  }

  static func nextFree(_ block: UInt) -> UnsafeMutablePointer<UInt> {
    UnsafeMutablePointer<UInt>(bitPattern: block).unsafelyUnwrapped
  }
}
