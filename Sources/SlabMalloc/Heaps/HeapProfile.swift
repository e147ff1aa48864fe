/// How much of misuse is found. Told once, before the first heap.
enum HeapProfile: UInt8 {
  /// As `checked`, but a sized free doesn't check the size.
  case fast
  /// Every double and every invalid free.
  case checked
  /// Also writes behind an object and to free memory; and which slot is next can't be foreseen. See `Heap+Hardened`.
  case hardened
}

extension UnsafeMutablePointer where Pointee == ProcessHeap {
  @inline(__always) var isHardened: Bool { pointee.options.profile == .hardened }

  /// Bytes of a slot that aren't the program's.
  @inline(__always) var canarySize: UInt { isHardened ? UInt(MemoryLayout<UInt>.size) : 0 }

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
