/// The free page runs of a reserve that are alike: dirty ones, or clean ones. By size: one list for each number of pages up to 16,
/// above that one for each power of two; last in first out, and a bit for each list that has a run.
///
/// No two neighbours are in it: whoever adds a run merges it with them first.
struct FreeRuns {
  var lists: InlineArray<40, RunList>
  var notEmpty: UInt64
  var pages: UInt

  static var none: Self { Self(lists: InlineArray(repeating: RunList()), notEmpty: 0, pages: 0) }

  /// The list of runs of so many pages.
  static func list(_ pages: UInt) -> Int {
    pages <= 16 ? Int(pages) - 1 : 12 + (UInt.bitWidth - 1 - pages.leadingZeroBitCount)
  }

  mutating func add(_ run: RunPointer) {
    let list = Self.list(UInt(run.pointee.pages))
    lists[list].prepend(run)
    notEmpty |= 1 << UInt64(list)
    pages += UInt(run.pointee.pages)
  }

  mutating func remove(_ run: RunPointer) {
    let list = Self.list(UInt(run.pointee.pages))
    lists[list].remove(run)
    if lists[list].first == nil { notEmpty &= ~(1 << UInt64(list)) }
    pages -= UInt(run.pointee.pages)
  }
}

/// On the pointer: a function of the struct would copy it.
extension UnsafeMutablePointer where Pointee == FreeRuns {
  /// A run of at least so many pages, and of few more; it stays in its list.
  func find(_ pages: UInt) -> RunPointer? {
    let list = FreeRuns.list(pages)
    // In the list of its own size a run may be too small.
    var candidate = pointee.lists[unchecked: list].first
    while let run = candidate {
      if UInt(run.pointee.pages) >= pages { return run }
      candidate = run.pointee.next
    }
    let larger = pointee.notEmpty >> UInt64(list + 1)
    guard larger != 0 else { return nil }
    return pointee.lists[unchecked: list + 1 + larger.trailingZeroBitCount].first
  }

  /// A run of the largest ones' list, for purging with few system calls.
  var largest: RunPointer? {
    pointee.notEmpty == 0 ? nil : pointee.lists[unchecked: 63 - pointee.notEmpty.leadingZeroBitCount].first
  }
}
