/// The size classes of a zone, by index. An object takes a slot of the smallest class that holds it.
///
/// The classes are 8, 16, steps of 16 up to 128, and four per doubling above, up to 128 KiB. An object above 64 bytes
/// wastes at most a fifth of its slot (rounding scheme of jemalloc).
///
/// The class of a size that is a multiple of an alignment has slots of that alignment: within a doubling the slot sizes
/// are multiples of a quarter of its start, and the two larger alignments have classes of exactly their multiples.
/// Slots start at the start of a slab, which is aligned to the largest power of two that divides the slot size. Where
/// the provider gives runs, it is aligned to a base page at most, and an object with a larger alignment takes a run.
///
/// The small library has two classes per doubling, up to 2 KiB, and searches them all.
enum SizeClass {
  @inline(__always) static var count: UInt { UInt(slotSizes.count) }

  /// A table of the zone maps sizes up to this one to their bins.
  @inline(__always) static var directLimit: UInt { Build.isSmall ? 0 : 1024 }

  /// The last class.
  @inline(__always) static var last: UInt { count - 1 }

  /// Fast paths take sizes up to this one. Larger classes serve only where the provider gives no runs; see
  /// `classIndex`.
  @inline(__always) static var fastLimit: UInt { 64 << 10 }

  @inline(__always) static func slotSize(_ index: UInt) -> UInt {
    UInt(slotSizes[unchecked: Int(index)])
  }

  /// The class of a size up to 128: 8, then steps of 16.
  @inline(__always) static func small(_ size: UInt) -> UInt {
    size <= 8 ? 0 : (size &+ 15) &>> 4
  }

  /// The class of a size above 128. There are four classes per doubling, and the two bits below the top bit of size - 1
  /// select one.
  @inline(__always) static func regular(_ size: UInt) -> UInt {
    if Build.isSmall { return first(holding: size) }
    let last = size &- 1
    let top = UInt(truncatingIfNeeded: (UInt.bitWidth &- 1) ^ last.leadingZeroBitCount)
    // The top bit selects four classes. The shift keeps it above the two bits that select one of them.
    return top &* 4 &+ (last &>> (top &- 2)) &- regularOffset
  }

  /// The formula exceeds the index by this constant. Sizes just above 128 have top bit 7, and for them the formula must
  /// give the first class after the small ones.
  @inline(__always) private static var regularOffset: UInt { 7 &* 4 &+ 4 &- (small(128) &+ 1) }

  /// The smallest class that holds `size` bytes; 0 counts as 1. nil above the largest size.
  @inline(__always) static func index(size: UInt) -> UInt? {
    guard size <= maxSize else { return nil }
    if Build.isSmall { return first(holding: size) }
    return size <= 128 ? small(size) : regular(size)
  }

  /// The smallest class whose slots hold `size` bytes and have the alignment, a power of two. nil if there is none.
  static func index(size: UInt, alignment: UInt) -> UInt? {
    guard isPowerOfTwo(alignment), alignment <= maxSize, size <= maxSize else { return nil }
    let size = size == 0 ? 1 : size
    return alignment <= 8 ? index(size: size) : index(size: roundUp(size, to: alignment))
  }

  /// The alignment of all slots of a size: the largest power of two that divides it.
  @inline(__always) static func naturalAlignment(_ slotSize: UInt) -> UInt { slotSize & (0 &- slotSize) }

  private static func first(holding size: UInt) -> UInt {
    var index: UInt = 0
    while slotSize(index) < size { index += 1 }
    return index
  }
}
