/// The size classes of a zone, by index.
///
/// 8, 16, then steps of 16 up to 128, then four per doubling: an object above 64 bytes wastes at most a fifth of its
/// slot (rounding scheme of jemalloc). The last five are what a large page divides into with less than 2 % left over,
/// where four per doubling would leave up to 6 %.
///
/// A class whose slot size is a multiple of an alignment gives only slots with that alignment, since slots start at
/// the start of a page.
///
/// The small profile has two classes per doubling, up to 2 KiB, and searches them all.
enum SizeClass {
  @inline(__always) static var count: UInt { UInt(slotSizes.count) }

  /// Sizes up to this one find their bin in a table of the zone's.
  @inline(__always) static var directLimit: UInt { Build.isSmall ? 0 : 1024 }

  /// The last class of the regular scheme; above it classes are searched.
  @inline(__always) static var lastRegular: UInt { Build.isSmall ? count - 1 : 43 }

  @inline(__always) static func slotSize(_ index: UInt) -> UInt {
    UInt(slotSizes[unchecked: Int(index)])
  }

  /// The class of a size up to 128: 8, then steps of 16.
  @inline(__always) static func small(_ size: UInt) -> UInt {
    size <= 8 ? 0 : (size &+ 15) &>> 4
  }

  /// The class of a size above 128 in the regular scheme: four per doubling, and the two bits below the top
  /// one of size - 1 say which.
  @inline(__always) static func regular(_ size: UInt) -> UInt {
    if Build.isSmall { return first(holding: size) }
    let last = size &- 1
    let top = UInt(truncatingIfNeeded: UInt.bitWidth &- 1 &- last.leadingZeroBitCount)
    // Four classes for each top bit, and the two bits below it, with the top bit still above them.
    return top &* 4 &+ (last &>> (top &- 2)) &- regularOffset
  }

  /// What the formula gives above the index: for sizes just above 128, whose top bit is bit 7, it must give the class
  /// after the small ones.
  @inline(__always) private static var regularOffset: UInt { 7 &* 4 &+ 4 &- (small(128) &+ 1) }

  /// The smallest class that holds `size` bytes; 0 is served as 1. nil above the largest size.
  @inline(__always) static func index(size: UInt) -> UInt? {
    if Build.isSmall { return size <= maxSize ? first(holding: size) : nil }
    if size <= 128 { return small(size) }
    if size <= slotSize(lastRegular) { return regular(size) }
    return size <= maxSize ? first(holding: size) : nil
  }

  /// The class for a size and an alignment: the smallest whose slots are all so aligned; where there is none, the one
  /// that spends the fewest bytes of a page on each slot that is. nil if the layout is invalid.
  static func index(size: UInt, alignment: UInt) -> UInt? {
    guard isServable(alignment: alignment), size <= maxSize else { return nil }
    let size = size == 0 ? 1 : size
    if alignment <= 8 { return index(size: size) }
    let rounded = roundUp(size, to: alignment)
    if Build.isSmall || rounded <= slotSize(lastRegular) { return index(size: rounded) }
    return cheapest(size: size, alignment: alignment)
  }

  /// Every how many slots of a class one is aligned: 1 if all are.
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
      // On a tie the larger class: more of its slots are aligned.
      if slot >= size && cost <= bestCost {
        best = index
        bestCost = cost
      }
      index += 1
    }
    return best
  }
}
