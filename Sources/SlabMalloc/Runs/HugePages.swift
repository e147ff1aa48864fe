/// Huge pages of the system: where memory is dense and much, 2 MiB fault at once; where it is little, 4 KiB do.
///
/// A process that uses 34 MiB or more advises the huge pages that it is about to grow into, before anybody touches
/// them, if it grows by slabs of small objects, and its slabs are resident. A sample of earlier pages tells: programs
/// that touch few pages of their objects stay as they are.
///
/// Of a large object of 2 MiB or more, the whole huge pages are advised, if an object before it was touched from its
/// start to its end and was nearly as large: not half as large, as a table is before it grows. Where an object grows
/// and moves, what is copied is advised.
///
///     segment:   | 4 KiB pages ... | huge | huge | huge | frontier, advised | not in use yet
///                      sampled                           \__ the next slabs come from here
///
/// Two bits in the segment's map state what the system was told of a huge page:
///
///     nothing ──advise──> advised ──purged, in part or whole──> refused ──advise──> advised
///
/// Once purged, a huge page is refused. Otherwise its next touch would make all of it resident, and so would the
/// kernel's own thread, which fills the holes of advised pages. A few free pages in a huge page that is otherwise in
/// use are not purged: that would split it.
///
/// Neighbours that are told different things are two mappings for the system, whose number is limited: when there are
/// too many such borders, nothing is told any more. Guards would split each huge page, so a hardened process has none.
/// Memory of a source is not the library's. If the system uses huge pages everywhere, it needs no advice; then only
/// the mode `never` advises against them.
///
/// Lock: that of the run pool.
struct HugePages {
  /// The option of the environment.
  enum Mode: UInt8 {
    case never
    case auto
    /// Wherever there is a whole huge page.
    case always
  }

  /// What the system was told of a huge page.
  enum Told: UInt8 {
    case nothing
    case advised
    case refused
  }

  /// What the system does; nil until somebody asked it.
  var system: System?
  /// Pairs of neighbours that are told different things, and how many there may be.
  var borders: Int
  var maxBorders: Int
  /// The size of the largest object found dense; less if one that was found sparse since then is not much larger.
  var denseBytes: UInt
  /// The latest two large objects, the older one first. It is looked at, since its owner has had time to fill it.
  var latest: InlineArray<2, Place>

  enum System: Int32 {
    case none
    /// It has huge pages where they are advised.
    case advised
    case always
  }

  struct Place {
    var start: UInt
    var bytes: UInt
  }

  static var unknown: Self {
    Self(
      system: nil, borders: 0, maxBorders: 0, denseBytes: 0, latest: InlineArray(repeating: Place(start: 0, bytes: 0)))
  }

  static var size: UInt { PageSize.large.size }
  /// Runs' pages in a huge page.
  static var pages: UInt { size >> PageRun.pageShift }
  /// Bytes in use from which on growth is advised. The huge page that is touched last may be used little: it is then a
  /// small part.
  static var leastUsed: UInt { 34 << 20 }
  /// Pages of a run that is filled soon: a slab of objects of up to 2 KiB, or metadata.
  static var smallRun: UInt { 4 }
  /// So much is advised at once at most.
  static var mostAhead: UInt { 16 << 20 }
  /// Large objects from this size on are looked at.
  static var leastLooked: UInt { 256 << 10 }
  /// So many free pages of a huge page stay unpurged.
  static var sparedPages: UInt { pages / 8 }

  /// Bytes of the map of a segment of so many pages.
  static func mapBytes(_ capacity: UInt) -> UInt { capacity / pages / 4 + 1 }

  /// The start of the huge page around an address.
  static func start(_ address: UInt) -> UInt { address & ~(size - 1) }
  /// The first start of a huge page at an address or behind it.
  static func end(_ address: UInt) -> UInt { roundUp(address, to: size) }

  /// Whether so much of the memory that was looked at is resident that it is dense.
  static func isDense(_ resident: UInt, of bytes: UInt) -> Bool { bytes != 0 && resident >= bytes - bytes / 8 }

  /// Notes whether a large object was touched from its start to its end.
  mutating func note(_ bytes: UInt, isDense: Bool) {
    denseBytes = isDense ? max(denseBytes, bytes) : min(denseBytes, bytes / 4)
  }

  /// Whether a large object of so many bytes is likely to be dense.
  func isLikely(_ bytes: UInt) -> Bool { bytes <= denseBytes + denseBytes / 4 }
}

extension UnsafeMutablePointer where Pointee == PageRun {
  /// Whether a huge page begins in the run.
  @inline(__always) var beginsHugePage: Bool {
    HugePages.start(endAddress - 1) != HugePages.start(pointee.start &- 1)
  }
}
