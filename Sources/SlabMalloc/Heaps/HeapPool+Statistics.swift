extension UnsafeMutablePointer where Pointee == HeapPool {
  /// Used slots of a class in all heaps, as other threads see them now.
  /// Requires: the lock of the run pool.
  func used(_ sizeClass: UInt) -> UInt {
    assertLocked()
    var used: UInt = 0
    for index in 0..<runs.pointee.segmentCount {
      guard let segment = runs.pointee.segments[index], !segment.pointee.isLone else { continue }
      used += segment.used(UInt8(truncatingIfNeeded: sizeClass))
    }
    return used
  }
}

extension UnsafeMutablePointer where Pointee == Segment {
  fileprivate func used(_ index: UInt8) -> UInt {
    var used: UInt = 0
    var address = pointee.base
    while address < pointee.limit {
      let run = descriptor(address)
      if run.pointee.kind == .slab, run.pointee.binIndex == index { used += run.usedSlots }
      address += run.bytes
    }
    return used
  }
}
