/// Runs that nobody uses and that are kept as they are: kind `kept`. Of a hardened process:
///
/// - `slabs`: runs of slabs whose slots were all cleared. They stay guarded and read as 0, for the next slab. One list
///   for each number of pages that slabs have, newest first.
/// - `large`: a quarantine. The run of a freed large object is purged and decommitted, and takes a random entry. The
///   run that was there is evicted: it becomes free.
///
/// A slab's run is dirty. When it is due for purging, it becomes free. A large object's run is dirty only if the system
/// refused to purge it.
///
///     slab ----> kept, usable, dirty ------------> slab
///                         \______ purge ______> free, out of reach, dirty
///     large ---> kept, out of reach, clean --- eviction ---> free, out of reach
///
/// Of any process:
///
/// - `blocks`: blocks of metadata that rest, see `RestingBlocks`.
///
/// Of a process that is not hardened:
///
/// - `lone`: lone runs, usable and dirty, for the next large object that is about as large. One that is due for purging
///   is unmapped.
struct KeptRuns {
  var slabs: InlineArray<6, LinkedList<PageRun>>
  var large: InlineArray<32, RunPointer?>
  var blocks = RestingBlocks()
  var lone: InlineArray<8, RunPointer?>
  var dirtyPages: UInt
  var cleanPages: UInt
  var random: SplitMix

  init(_ random: SplitMix) {
    slabs = InlineArray(repeating: LinkedList())
    large = InlineArray(repeating: nil)
    lone = InlineArray(repeating: nil)
    dirtyPages = 0
    cleanPages = 0
    self.random = random
  }

  /// Larger runs, above 2 MiB, become free at once: the quarantine holds 64 MiB at most.
  static var largestPages: UInt { (2 << 20) >> PageRun.pageShift }

  /// The list of slabs' runs of so many pages, one of which is a guard.
  static func list(_ pages: UInt) -> Int { (pages - 1).trailingZeroBitCount }
}
