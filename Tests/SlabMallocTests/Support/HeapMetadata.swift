@testable import SlabMalloc

/// The blocks of metadata that heaps and slabs use, against the pages they were carved from: nothing twice, and nothing
/// lost.
struct HeapMetadata {
  private var used: [UInt: UInt] = [:]
  private var pages: [RunPointer] = []
  private var isUsedTwice = false

  mutating func use(_ block: UInt, lines: UInt) {
    if used.updateValue(lines, forKey: block) != nil { isUsedTwice = true }
  }

  /// The marks and words of a slab.
  mutating func use(slab: RunPointer) {
    let words = UInt(bitPattern: slab.pointee.words) + (UInt(slab.pointee.slotCount) + 63) / 64 * 8
    let block = UInt(bitPattern: slab.pointee.marks)
    use(block, lines: Metadata.lines(words - block))
  }

  /// The stack of a bin, if it is a block.
  mutating func use(stackOf bin: HeapBinPointer) {
    guard bin.stackRoom > HeapBin.shortStack else { return }
    use(bin.pointee.bottom, lines: HeapBin.stackLines(bin.stackRoom))
  }

  mutating func found(_ page: RunPointer) { pages.append(page) }

  mutating func violation(_ pool: HeapPoolPointer) -> String? {
    if isUsedTwice { return "metadata is used twice" }
    let count = pages.reduce(0) { $0 + UInt($1.pointee.pages) }
    if pool.runs.pointee.metadata.pageCount != count { return "metadata.pageCount" }
    var listed: [RunPointer: Int] = [:]
    for index in pool.runs.pointee.metadata.pages.indices {
      let text = pool.runs.pointee.metadata.pages[index].walk {
        listed.updateValue(index, forKey: $0) == nil ? nil : "a page is listed twice"
      }
      if let text { return "metadata list \(index): \(text)" }
    }
    for page in pages {
      if let text = violation(page, listed.removeValue(forKey: page)) { return "metadata page: \(text)" }
    }
    if !listed.isEmpty { return "\(listed.count) runs are listed, but hold no metadata" }
    return used.isEmpty ? nil : "\(used.count) blocks are used, but in no page: \(used)"
  }

  /// Each block of a page is used, free, or was never taken.
  private mutating func violation(_ page: RunPointer, _ list: Int?) -> String? {
    let size = UInt(page.pointee.slotSize)
    if size == 0 || size % Metadata.line != 0 { return "blocks of \(size) bytes" }
    if UInt(page.pointee.slotCount) * size > page.usableBytes {
      return "\(page.pointee.slotCount) blocks of \(size) bytes"
    }
    var free: Set<UInt> = []
    var next = MetadataPage(page).firstFree
    while next != 0 {
      if !free.insert(next).inserted { return "a free block is listed twice" }
      next = UnsafePointer<UInt>(bitPattern: next)!.pointee
    }
    var found: UInt32 = 0
    for index in 0..<UInt(page.pointee.slotCount) {
      let block = page.pointee.start + index * size
      let isFree = free.remove(block) != nil
      let lines = used.removeValue(forKey: block)
      if isFree == (lines != nil) { return "block \(index) is \(isFree ? "used and free" : "lost")" }
      if let lines, lines * Metadata.line != size { return "a block of \(lines) lines among those of \(size) bytes" }
      if lines != nil { found += 1 }
    }
    if !free.isEmpty { return "\(free.count) free blocks are none" }
    if page.pointee.tally != found { return "used is \(page.pointee.tally), not \(found)" }
    let isFull = UInt(found + 1) * size > page.usableBytes || found > 0 && Metadata.isAlone(size / Metadata.line)
    return list == (isFull ? nil : Metadata.list(size / Metadata.line))
      ? nil : "in list \(list ?? -1) with \(found) blocks"
  }
}
