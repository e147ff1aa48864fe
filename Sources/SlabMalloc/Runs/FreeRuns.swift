/// The free runs of a segment that are alike: dirty ones, or clean ones.
///
/// One list for each number of pages up to 16, above that one for each power of two. The newest run of a list comes
/// first, and a bit for each list shows whether it has a run. No two neighbours are in it: a run is merged with its
/// neighbours before it is added.
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

  /// A run of at least so many pages, and of few more. It stays in its list. Mutating, since a getter would copy the
  /// struct.
  mutating func find(_ pages: UInt) -> RunPointer? {
    let list = Self.list(pages)
    // In the list of its own size a run may be too small. A few are tried first, the others when nothing else is left.
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

  /// A run that became free at a time or before.
  mutating func find(until stamp: UInt) -> RunPointer? {
    var lists = notEmpty
    while lists != 0 {
      var candidate = self.lists[lists.trailingZeroBitCount].first
      while let run = candidate {
        if FreeRun(run).stamp <= stamp { return run }
        candidate = run.pointee.next
      }
      lists &= lists - 1
    }
    return nil
  }

  /// A run of the list of the largest ones: purging it frees much with one system call.
  var largest: RunPointer? {
    mutating get { notEmpty == 0 ? nil : lists[unchecked: 63 - notEmpty.leadingZeroBitCount].first }
  }
}
