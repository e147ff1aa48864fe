/// The size classes of a zone, by index. An object takes a slot of the smallest class that holds it.
///
/// The classes are 8, 16, steps of 16 up to 128, and four per doubling above. An object above 64 bytes wastes at most a
/// fifth of its slot (rounding scheme of jemalloc). A large page divides into slots of the last five classes with less
/// than 2 % left over; four per doubling would leave up to 6 %.
///
/// If the slot size of a class is a multiple of an alignment, all slots of the class have that alignment, because slots
/// start at the start of a page.
///
/// The small library has two classes per doubling, up to 2 KiB, and searches them all.
enum SizeClass {
  @inline(__always) static var count: UInt { UInt(slotSizes.count) }

  /// A table of the zone maps sizes up to this one to their bins.
  @inline(__always) static var directLimit: UInt { Build.isSmall ? 0 : 1024 }

  /// The last class of the regular scheme. The classes above it are searched.
  @inline(__always) static var lastRegular: UInt { Build.isSmall ? count - 1 : 43 }

  @inline(__always) static func slotSize(_ index: UInt) -> UInt {
    UInt(slotSizes[unchecked: Int(index)])
  }

  /// The class of a size up to 128: 8, then steps of 16.
  @inline(__always) static func small(_ size: UInt) -> UInt {
    size <= 8 ? 0 : (size &+ 15) &>> 4
  }

  /// The class of a size above 128 in the regular scheme. There are four classes per doubling, and the two bits below
  /// the top bit of size - 1 select one.
  @inline(__always) static func regular(_ size: UInt) -> UInt {
    if Build.isSmall { return first(holding: size) }
    let last = size &- 1
    let top = UInt(truncatingIfNeeded: UInt.bitWidth &- 1 &- last.leadingZeroBitCount)
    // The top bit selects four classes. The shift keeps it above the two bits that select one of them.
    return top &* 4 &+ (last &>> (top &- 2)) &- regularOffset
  }

  /// The formula exceeds the index by this constant. Sizes just above 128 have top bit 7, and for them the formula must
  /// give the first class after the small ones.
  @inline(__always) private static var regularOffset: UInt { 7 &* 4 &+ 4 &- (small(128) &+ 1) }

  /// The smallest class that holds `size` bytes; 0 counts as 1. nil above the largest size.
  @inline(__always) static func index(size: UInt) -> UInt? {
    if Build.isSmall { return size <= maxSize ? first(holding: size) : nil }
    if size <= 128 { return small(size) }
    if size <= slotSize(lastRegular) { return regular(size) }
    return size <= maxSize ? first(holding: size) : nil
  }

  /// The class for a size and an alignment: the smallest whose slots all have the alignment. Without such a class, the
  /// one that spends the fewest bytes of a page per aligned slot. nil if the layout is invalid.
  static func index(size: UInt, alignment: UInt) -> UInt? {
    guard isServable(alignment: alignment), size <= maxSize else { return nil }
    let size = size == 0 ? 1 : size
    if alignment <= 8 { return index(size: size) }
    let rounded = roundUp(size, to: alignment)
    if Build.isSmall || rounded <= slotSize(lastRegular) { return index(size: rounded) }
    return cheapest(size: size, alignment: alignment)
  }

  /// The distance between aligned slots of a class, in slots: 1 if all slots are aligned.
  @inline(__always) static func stride(slotSize: UInt, alignment: UInt) -> UInt {
    let natural = slotSize & (0 &- slotSize)
    return natural >= alignment ? 1 : alignment / natural
  }

  @inline(never) private static func first(holding size: UInt) -> UInt {
    var index = Build.isSmall ? 0 : lastRegular + 1
    while slotSize(index) < size { index += 1 }
    return index
  }

  private static func cheapest(size: UInt, alignment: UInt) -> UInt {
    var best: UInt = 0
    var bestCost = UInt.max
    var index: UInt = 0
    while index < count {
      let slot = slotSize(index)
      let cost = slot * stride(slotSize: slot, alignment: alignment)
      // On a tie the larger class wins, because more of its slots are aligned.
      if slot >= size && cost <= bestCost {
        best = index
        bestCost = cost
      }
      index += 1
    }
    return best
  }
}
