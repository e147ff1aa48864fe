@testable import SlabMalloc

/// A region against a set of free pages.
struct RegionModel {
  private let region: RegionPointer
  private let page: PageSize
  private var free: Set<UInt>
  private var taken: [(address: UInt, page: PageSize)] = []
  private var random = SeededRandom()

  init(_ region: RegionPointer) {
    self.region = region
    page = region.pointee.page
    free = Set(
      region.ranges.flatMap { [page = region.pointee.page.size] range in
        (0..<range.pointee.pageCount).map { range.pointee.firstPage + $0 * page }
      })
  }

  /// The base pages of a page.
  private func parts(_ address: UInt, _ size: PageSize) -> [UInt] {
    (0..<size.size / page.size).map { address + $0 * page.size }
  }

  /// A block of a range: two ranges may have parts of the same 2 MiB.
  private struct Block: Hashable {
    let address: UInt
    let range: MemoryRangePointer
  }

  private func block(of address: UInt) -> Block {
    let range = region.ranges.first { address >= $0.pointee.start && address <= $0.pointee.last }!
    return Block(address: address & ~PageSize.large.mask, range: range)
  }

  /// Free pages of each block that has some.
  private var freePagesByBlock: [Block: Int] {
    free.reduce(into: [:]) { $0[block(of: $1), default: 0] += 1 }
  }

  private var wholeBlocks: Int {
    freePagesByBlock.values.count { UInt($0) == PageSize.large.size / page.size }
  }

  /// The most free pages in one piece.
  private var largestRun: UInt {
    var (longest, run, last) = (UInt(0), UInt(0), UInt(0))
    for address in free.sorted() {
      run = address == last &+ page.size ? run + 1 : 1
      longest = max(longest, run)
      last = address
    }
    return longest
  }

  /// What went wrong, as text.
  mutating func run(steps: Int) -> String? {
    // More and more, then less and less, and so on.
    for step in 0..<steps {
      let grows = random.below(10) < (step / 200 % 2 == 0 ? 7 : 3)
      if let text = grows || taken.isEmpty ? take() : giveBack() { return "step \(step): " + text }
      if region.pointee.freePages != UInt(free.count) { return "step \(step): freePages" }
      if step % 100 == 0, let text = checkCounts() { return "step \(step): " + text }
    }
    while !taken.isEmpty { if let text = giveBack() { return text } }
    return region.isWhole && region.pointee.ledger.pagesHeld == 0 ? nil : "not whole at the end"
  }

  private mutating func take() -> String? {
    let size = random.below(20) == 0 ? .large : page
    let before = size.isLarge ? [:] : freePagesByBlock
    guard let address = region.take(size) else {
      return size.isLarge
        ? (wholeBlocks == 0 ? nil : "no large page, but a block is whole")
        : free.isEmpty ? nil : "no page, but \(free.count) are free"
    }
    // A base page comes from a block that is nearly the most broken, and from a whole one only if there is no other.
    if !size.isLarge {
      guard let fewest = before.values.min(), let pages = before[block(of: address)] else { return "no free page" }
      if pages >= 2 * fewest { return "out of a block with \(pages) pages, but another has \(fewest)" }
      if UInt(pages) == PageSize.large.size / page.size, pages != fewest { return "broke a whole block" }
    }
    for part in parts(address, size) where free.remove(part) == nil { return "gave a page that is not free" }
    taken.append((address, size))
    return nil
  }

  private mutating func giveBack() -> String? {
    taken.swapAt(random.below(taken.count), taken.count - 1)
    let (address, size) = taken.removeLast()
    region.giveBack(address, size)
    free.formUnion(parts(address, size))
    return nil
  }

  private func checkCounts() -> String? {
    if region.available(page) != UInt(free.count) { return "available" }
    if region.available(.large) != UInt(wholeBlocks) { return "available large pages" }
    let fragmentation = Fragmentation(
      freePages: UInt(free.count), largestFreeRun: largestRun, wholeBlocks: UInt(wholeBlocks))
    if region.fragmentation() != fragmentation { return "\(region.fragmentation()), but \(fragmentation)" }
    let pages = taken.reduce(0) { $0 + ($1.page.isLarge ? 0 : 1) }
    let ledger = region.pointee.ledger
    return ledger.baseTaken - ledger.baseGivenBack == UInt64(pages)
      && ledger.largeTaken - ledger.largeGivenBack == UInt64(taken.count - pages) ? nil : "ledger"
  }
}

extension UnsafeMutablePointer where Pointee == Region {
  var ranges: [MemoryRangePointer] {
    Array(sequence(first: pointee.ranges!, next: { $0.pointee.next }))
  }
}
