/// The free page runs of a reserve that are alike: dirty ones, or clean ones. By size: one list for each number of pages up to 16,
/// above that one for each power of two; last in first out, and a bit for each list that has a run.
///
/// No two neighbours are in it: whoever adds a run merges it with them first.
struct FreeRuns {
  var lists: InlineArray<44, LinkedList<PageRun>>
  var notEmpty: UInt64
  var pages: UInt

  static var none: Self { Self(lists: InlineArray(repeating: LinkedList()), notEmpty: 0, pages: 0) }

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

  /// A run of at least so many pages, and of few more; it stays in its list. Mutating, as it would copy the struct else.
  mutating func find(_ pages: UInt) -> RunPointer? {
    let list = Self.list(pages)
    // In the list of its own size a run may be too small. Some of them are looked at, the others when nothing else is left.
    var candidate = lists[unchecked: list].first
    for _ in 0..<8 {
      guard let run = candidate else { break }
      if UInt(run.pointee.pages) >= pages { return run }
      candidate = run.pointee.next
    }
    let larger = notEmpty >> UInt64(list + 1)
    if larger != 0 { return lists[unchecked: list + 1 + larger.trailingZeroBitCount].first }
    while let run = candidate, UInt(run.pointee.pages) < pages { candidate = run.pointee.next }
    return candidate
  }

  /// A run of the largest ones' list, for purging with few system calls.
  var largest: RunPointer? {
    mutating get { notEmpty == 0 ? nil : lists[unchecked: 63 - notEmpty.leadingZeroBitCount].first }
  }
}
