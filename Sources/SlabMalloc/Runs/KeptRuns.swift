/// Free runs that a hardened process keeps as they are: kind `kept`.
///
/// - `slabs`: runs of slabs whose slots were all cleared. They stay guarded and read as 0, for the next slab. One list
///   for each number of pages that slabs have, newest first.
/// - `large`: a quarantine. The run of a freed large object is decommitted and takes a random entry. The run that was
///   there is evicted: it becomes free.
///
/// Kept runs are dirty until they are purged. A slab's run then becomes free; a large object's run stays where it is,
/// and is clean.
///
///     slab ----> kept, usable, dirty --------------------> slab
///                         \______ purge ______> free, out of reach
///     large ---> kept, out of reach, dirty --- purge ---> kept, clean
///                         \_________ eviction ____________/___> free, out of reach
struct KeptRuns {
  var slabs: InlineArray<6, LinkedList<PageRun>>
  var large: InlineArray<32, RunPointer?>
  var dirtyPages: UInt
  var cleanPages: UInt
  var random: SplitMix

  init(_ random: SplitMix) {
    slabs = InlineArray(repeating: LinkedList())
    large = InlineArray(repeating: nil)
    dirtyPages = 0
    cleanPages = 0
    self.random = random
  }

  /// Larger runs, above 2 MiB, become free at once: the quarantine holds 64 MiB at most.
  static var largestPages: UInt { (2 << 20) >> PageRun.pageShift }

  /// The list of slabs' runs of so many pages, one of which is a guard.
  static func list(_ pages: UInt) -> Int { (pages - 1).trailingZeroBitCount }
}
