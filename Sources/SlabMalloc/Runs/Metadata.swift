/// Memory for what heaps know of themselves: heaps, and the marks and words of slabs. Far from what programs write, and dense.
///
/// Blocks of so many cache lines, carved from pages of their own: for each size a list of pages with a free block. Of a page's
/// descriptor, `used` counts its blocks, `slotCount` those that were ever taken, and `size` is the first of the free ones, which
/// are linked by their first word. A page without blocks goes back, unless it is the only one of its list.
struct Metadata {
  var pages: InlineArray<96, LinkedList<PageRun>>
  /// Pages held.
  var pageCount: UInt

  static var none: Self { Self(pages: InlineArray(repeating: LinkedList()), pageCount: 0) }

  static let line: UInt = 64

  static func lines(_ bytes: UInt) -> UInt { (bytes + line - 1) / line }

  /// The list of blocks of so many lines. Only heaps have more than there are lists for, and all as many.
  static func list(_ lines: UInt) -> Int { Int(min(lines, 95)) }
}

extension UnsafeMutablePointer where Pointee == ProcessHeap {
  /// A block of so many lines; its content doesn't matter. nil if the system has no more memory. The lock is held, see
  /// `takeRun`.
  func takeMetadata(lines: UInt) -> UInt? {
    let list = Metadata.list(lines)
    guard let page = pointee.metadata.pages[list].first ?? takeMetadataPage(lines) else { return nil }
    let block: UInt
    if page.pointee.size != 0 {
      block = page.pointee.size
      page.pointee.size = nextFree(block).pointee
    } else {
      block = page.pointee.start + UInt(page.pointee.slotCount) * lines * Metadata.line
      page.pointee.slotCount += 1
    }
    page.pointee.used += 1
    if isFull(page) { pointee.metadata.pages[list].remove(page) }
    return block
  }

  private func takeMetadataPage(_ lines: UInt) -> RunPointer? {
    guard let page = takeGuardedRun(roundUp(lines * Metadata.line, to: PageRun.pageSize) >> PageRun.pageShift) else {
      return nil
    }
    page.pointee.kind = .metadata
    page.pointee.slotSize = UInt32(lines * Metadata.line)
    page.pointee.slotCount = 0
    page.pointee.used = 0
    page.pointee.size = 0
    pointee.metadata.pages[Metadata.list(lines)].prepend(page)
    pointee.metadata.pageCount += UInt(page.pointee.pages)
    return page
  }

  func giveBackMetadata(_ block: UInt, lines: UInt) {
    guard let page = reserve(around: block)?.run(block) else { return }
    let list = Metadata.list(lines)
    if isFull(page) { pointee.metadata.pages[list].prepend(page) }
    nextFree(block).pointee = page.pointee.size
    page.pointee.size = block
    page.pointee.used -= 1
    let isOnly = pointee.metadata.pages[list].first == page && page.pointee.next == nil
    guard page.pointee.used == 0, !isOnly else { return }
    pointee.metadata.pages[list].remove(page)
    pointee.metadata.pageCount -= UInt(page.pointee.pages)
    page.pointee.slotSize = 0
    page.leave()
    if isHardened { close(page) }
    addFree(page)
  }

  private func isFull(_ page: RunPointer) -> Bool {
    UInt(page.pointee.used + 1) * UInt(page.pointee.slotSize) > page.usableBytes
  }

  private func nextFree(_ block: UInt) -> UnsafeMutablePointer<UInt> {
    UnsafeMutablePointer<UInt>(bitPattern: block).unsafelyUnwrapped
  }
}
