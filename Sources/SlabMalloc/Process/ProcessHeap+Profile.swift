/// What the profile hardened costs: room for a canary. Which one it is is told once, before the first heap.
extension UnsafeMutablePointer where Pointee == ProcessHeap {
  @inline(__always) var isHardened: Bool { pointee.options.profile == .hardened }

  /// Bytes of a slot that aren't the program's.
  @inline(__always) var canarySize: UInt { isHardened ? Canary.size : 0 }

  /// The class for an object, nil if there is none: then it has a page run of its own.
  func sizeClass(_ size: UInt, alignment: UInt) -> UInt? {
    let (padded, overflows) = size.addingReportingOverflow(canarySize)
    return overflows ? nil : SizeClass.naturalIndex(size: padded, alignment: alignment)
  }

  /// Bytes of each object in a run.
  func objectSize(_ run: RunPointer) -> UInt {
    run.pointee.kind == .slab ? UInt(run.pointee.slotSize) - canarySize : run.pointee.size
  }
}
