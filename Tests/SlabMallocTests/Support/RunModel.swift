@testable import SlabMalloc

/// Runs of a region against a set of free pages: what is taken is free and aligned, what fits is found, what is counted
/// is right, and every node of the trees says what its pages are.
struct RunModel {
  private let region: RegionPointer
  private let page: UInt
  /// For each range, whether each page of its blocks is free.
  private var free: [MemoryRangePointer: [Bool]] = [:]
  private var taken: [(address: UInt, pages: UInt, isLarge: Bool)] = []
  private var random = SeededRandom()

  init(_ region: RegionPointer) {
    self.region = region
    page = region.pointee.page.size
    for range in region.ranges {
      let first = Int((range.pointee.firstPage - range.pointee.firstBlock) / page)
      var pages = [Bool](
        repeating: false, count: Int((range.free.pointee.lastLeaf + 1) << range.free.pointee.leafShift))
      for index in first..<first + Int(range.pointee.pageCount) { pages[index] = true }
      free[range] = pages
    }
  }

  /// What went wrong, as text.
  mutating func run(steps: Int) -> String? {
    if let text = check() { return "at the start: " + text }
    for step in 0..<steps {
      let grows = random.below(10) < (step / 150 % 2 == 0 ? 7 : 3)
      var text: String?
      switch random.below(8) {
      case 0 where !taken.isEmpty: text = resize()
      case 1 where !taken.isEmpty: text = giveBackBadly()
      default: text = grows || taken.isEmpty ? take() : giveBack()
      }
      if let text = text ?? (step % 20 == 0 ? check() : nil) { return "step \(step): " + text }
    }
    while !taken.isEmpty { if let text = giveBack() { return text } }
    return check() ?? (region.isWhole && region.pointee.ledger.pagesHeld == 0 ? nil : "not whole at the end")
  }

  private func range(of address: UInt) -> MemoryRangePointer {
    region.ranges.first { address >= $0.pointee.start && address <= $0.pointee.last }!
  }

  private func index(_ address: UInt, _ range: MemoryRangePointer) -> Int {
    Int((address - range.pointee.firstBlock) / page)
  }

  private mutating func take() -> String? {
    // Few pages often, many seldom, and alignments of all kinds.
    let pages = 1 + random.below(1 << random.below(random.below(8) == 0 ? 12 : 6))
    let alignment = page << UInt(random.below(3) == 0 ? random.below(11) : 0)
    if random.below(12) == 0 { return takePage(random.below(2) == 0) }
    guard let address = region.takeRun(size: UInt(pages) * page, alignment: alignment) else {
      return fits(pages, alignment) ? "no run of \(pages) pages aligned to \(alignment), but it fits" : nil
    }
    if address % alignment != 0 { return "misaligned" }
    return note(address, UInt(pages), isLarge: false)
  }

  private mutating func takePage(_ isLarge: Bool) -> String? {
    let size = isLarge ? PageSize.large : region.pointee.page
    let before = region.available(size)
    guard let address = region.take(size) else { return before == 0 ? nil : "no page" }
    return note(address, size.size / page, isLarge: isLarge)
  }

  private mutating func note(_ address: UInt, _ pages: UInt, isLarge: Bool) -> String? {
    if let text = mark(address, pages, free: false) { return text }
    taken.append((address, pages, isLarge))
    return nil
  }

  private mutating func mark(_ address: UInt, _ pages: UInt, free isFree: Bool) -> String? {
    let range = range(of: address)
    for page in index(address, range)..<index(address, range) + Int(pages) {
      guard page < free[range]!.count, free[range]![page] != isFree else { return "a page is not as it should be" }
      free[range]![page] = isFree
    }
    return nil
  }

  /// Whether a run must be found: any that fits if it may start at each page, else one for which an aligned stretch of
  /// a power of two, or one that is longer by the alignment, is free.
  private func fits(_ pages: Int, _ alignment: UInt) -> Bool {
    let step = Int(alignment / page)
    let large = Int(PageSize.large.size / page)
    var power = step
    while power < pages { power *= 2 }
    for range in region.ranges {
      var run = 0
      for (index, isFree) in free[range]!.enumerated() {
        run = isFree ? run + 1 : 0
        if step == 1 ? run >= pages : run >= pages + step - 1 { return true }
        if power <= large && (index + 1) % power == 0 && run >= power { return true }
      }
    }
    return false
  }

  /// Gives back all of a run, or a part of it from either end or out of the middle.
  private mutating func giveBack() -> String? {
    taken.swapAt(random.below(taken.count), taken.count - 1)
    let (address, pages, isLarge) = taken.removeLast()
    guard !isLarge else {
      return region.giveBack(address, .large) ? mark(address, pages, free: true) : "a large page is refused"
    }
    let first = random.below(3) == 0 ? UInt(random.below(Int(pages))) : 0
    let count = random.below(3) == 0 ? 1 + UInt(random.below(Int(pages - first))) : pages - first
    guard region.giveBackRun(address + first * page, size: count * page) else { return "a part of a run is refused" }
    if first > 0 { taken.append((address, first, false)) }
    if first + count < pages { taken.append((address + (first + count) * page, pages - first - count, false)) }
    return mark(address + first * page, count, free: true)
  }

  private mutating func resize() -> String? {
    let at = random.below(taken.count)
    let (address, pages, isLarge) = taken[at]
    let wanted = 1 + UInt(random.below(Int(pages) * 2))
    let range = range(of: address)
    let end = index(address, range) + Int(pages)
    let more = wanted > pages ? Int(wanted - pages) : 0
    let canGrow = end + more <= free[range]!.count && !free[range]![end..<end + more].contains(false)
    let did = region.resizeRun(address, from: pages * page, to: wanted * page)
    if did != (canGrow && !isLarge) { return "resized: \(did)" }
    guard did, wanted != pages else { return nil }
    taken[at].pages = wanted
    return wanted > pages
      ? mark(address + pages * page, wanted - pages, free: false)
      : mark(address + wanted * page, pages - wanted, free: true)
  }

  /// What was not taken in this way is refused, and nothing changes.
  private mutating func giveBackBadly() -> String? {
    let (address, pages, isLarge) = taken[random.below(taken.count)]
    let (size, before) = (pages * page, (region.pointee.freePages, region.pointee.ledger.pagesHeld))
    let range = range(of: address)
    let end = index(address, range) + Int(pages)
    var bad: [(UInt, UInt)] = [
      (address, 0), (address + 1, size), (address, size - 1), (address, UInt.max & ~(page - 1)),
    ]
    if isLarge { bad += [(address, size), (address + page, page)] }
    if end == free[range]!.count || free[range]![end] { bad.append((address, size + page)) }
    for (start, size) in bad where region.giveBackRun(start, size: size) { return "took back \(start) \(size)" }
    if !isLarge && region.giveBack(address & ~PageSize.large.mask, .large) { return "took a run back as a large page" }
    return (region.pointee.freePages, region.pointee.ledger.pagesHeld) == before ? nil : "changed"
  }

  // --- What the region says ---

  private func check() -> String? {
    let large = Int(PageSize.large.size / page)
    var expected = Fragmentation()
    for (range, pages) in free {
      expected.freePages += UInt(pages.count { $0 })
      expected.largestFreeRun = max(expected.largestFreeRun, UInt(Self.longest(pages[...])))
      for block in stride(from: 0, to: pages.count, by: large) where !pages[block..<block + large].contains(false) {
        expected.wholeBlocks += 1
      }
      if let text = check(range.free, pages) { return text }
    }
    if region.fragmentation() != expected { return "\(region.fragmentation()), but \(expected)" }
    if expected.wholeBlocks != region.available(.large) { return "whole blocks" }
    let held = taken.reduce(0) { $0 + ($1.isLarge ? 1 : UInt64($1.pages)) }
    return region.pointee.ledger.pagesHeld == held ? nil : "ledger"
  }

  private static func longest(_ pages: ArraySlice<Bool>) -> Int {
    var (longest, run) = (0, 0)
    for isFree in pages {
      run = isFree ? run + 1 : 0
      longest = max(longest, run)
    }
    return longest
  }

  /// Every node that is up to date, from the root on.
  private func check(_ tree: FreeTreePointer, _ pages: [Bool]) -> String? {
    var places = [tree.top]
    while let place = places.popLast() {
      let first = Int(tree.page(place))
      guard first < pages.count else { continue }
      let own = pages[first..<min(first + Int(tree.span(place.level)), pages.count)]
      let node = place.node.pointee
      guard node.longest == UInt(Self.longest(own)), node.prefix == UInt(own.prefix { $0 }.count),
        node.suffix == (own.count < Int(tree.span(place.level)) ? 0 : UInt(own.reversed().prefix { $0 }.count))
      else { return "level \(place.level) index \(place.index): \(node) is not \(own.map { $0 ? 1 : 0 })" }
      if let text = checkMarks(tree, place, own) { return text }
      if node.marks.has(FreeNode.Marks.isLazy) {
        if Set(own).count > 1 { return "a lazy node is mixed" }
        continue
      }
      guard place.level > 0 else { continue }
      var below = place
      tree.descend(&below)
      places.append(below)
      below.index += 1
      places.append(below)
    }
    return nil
  }

  private func checkMarks(_ tree: FreeTreePointer, _ place: FreePlace, _ own: ArraySlice<Bool>) -> String? {
    let marks = place.node.pointee.marks
    let span = Int(tree.span(min(place.level, tree.pointee.blockLevel)))
    var (fewest, broken, order, hasWhole) = (Int.max, 0, 0, false)
    for start in stride(from: own.startIndex, to: own.endIndex, by: span) {
      let block = own[start..<min(start + span, own.endIndex)]
      let count = block.count { $0 }
      if count > 0 { fewest = min(fewest, count) }
      let isWhole = count == Int(tree.span(tree.pointee.blockLevel))
      hasWhole = hasWhole || isWhole
      guard !isWhole else { continue }
      broken = max(broken, Self.longest(block))
      for power in 0..<10 {
        for at in stride(from: start, to: block.endIndex, by: 1 << power)
        where at + 1 << power <= block.endIndex && !block[at..<at + 1 << power].contains(false) {
          order = max(order, power + 1)
        }
      }
    }
    let isBelow = place.level < tree.pointee.blockLevel
    let expected: UInt =
      fewest == Int.max ? 0 : isBelow ? UInt(fewest) : FreeNode.Marks.grade(UInt(fewest))
    guard marks.fewest == expected, marks.order == UInt(order),
      isBelow || marks.has(FreeNode.Marks.hasWhole) == hasWhole,
      isBelow || marks.broken == (broken == 0 ? 0 : FreeNode.Marks.grade(UInt(broken)))
    else {
      return "level \(place.level) index \(place.index): \(marks), but \(expected) \(broken) \(order) \(hasWhole)"
    }
    return nil
  }
}
