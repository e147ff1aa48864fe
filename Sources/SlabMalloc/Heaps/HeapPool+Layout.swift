/// Which slot or run an object gets. In a hardened process its canary needs room too.
extension UnsafeMutablePointer where Pointee == HeapPool {
  /// Bytes of a slot that are not the program's.
  @inline(__always) var canarySize: UInt { isHardened ? Canary.size : 0 }

  /// The class for an object. nil if there is none: then the object is a large one.
  func sizeClass(_ size: UInt, alignment: UInt) -> UInt? {
    guard isHardened else { return SizeClass.naturalIndex(size: size, alignment: alignment) }
    if size == 0, alignment <= SizeClass.emptyStride { return SizeClass.empty }
    let (padded, overflows) = size.addingReportingOverflow(Canary.size)
    return overflows ? nil : SizeClass.naturalIndex(size: padded, alignment: alignment)
  }

  /// Usable bytes of each object in a run.
  func objectSize(_ run: RunPointer) -> UInt {
    run.pointee.kind == .slab ? UInt(run.pointee.slotSize) - canarySize : LargeObject(run).size
  }

  /// The usable size that an allocation gets; 0 if it is impossible.
  func goodSize(_ size: UInt) -> UInt {
    if let index = sizeClass(size, alignment: 1) { return SizeClass.slotSize(index) - canarySize }
    return size <= UInt(Int.max) - PageSize.large.size ? roundUp(size, to: UInt(runs.pointee.system.pageSize)) : 0
  }

  /// Whether a live object may have been allocated with an alignment. A slab whose slots are not all so aligned has no
  /// such object, unless one became smaller and stayed where it was.
  func matches(_ address: UInt, _ run: RunPointer, alignment: UInt) -> Bool {
    guard isPowerOfTwo(alignment), address & (alignment - 1) == 0 else { return false }
    guard run.pointee.kind == .slab, !run.hasShrunk else { return true }
    return alignment <= 16 || UInt(run.pointee.slotSize) & (alignment - 1) == 0
  }

  /// Whether a live object may have been allocated with a size and an alignment, or have got them by its last
  /// reallocation. An object that became smaller may have stayed where it is: then any smaller size is right for all
  /// objects in its run.
  func matches(_ address: UInt, _ run: RunPointer, size: UInt, alignment: UInt) -> Bool {
    guard isPowerOfTwo(alignment), address & (alignment - 1) == 0 else { return false }
    let index = sizeClass(size, alignment: alignment)
    if run.pointee.kind != .large {
      return UInt(run.pointee.binIndex) == index || run.hasShrunk && size <= objectSize(run)
    }
    // Of a size that has a class: of an explicit heap, for a thread without a part, see `ExplicitHeap+Objects`.
    guard index == nil || run.hasShrunk || LargeObject(run).heap != nil else { return false }
    return LargeObject(run).size == roundUp(max(size, 1), to: UInt(runs.pointee.system.pageSize))
  }
}

extension SizeClass {
  /// The class for a size and an alignment in a heap: none below 16, and all its slots are so aligned. nil if there is
  /// none.
  static func naturalIndex(size: UInt, alignment: UInt) -> UInt? {
    let size = size < 16 ? 16 : size
    if alignment <= 16 { return index(size: size) }
    // Slabs start at pages.
    guard alignment <= PageRun.pageSize, size <= maxSize else { return nil }
    let rounded = roundUp(size, to: alignment)
    guard var index = index(size: rounded) else { return nil }
    while index < count {
      if slotSize(index) & (alignment - 1) == 0 { return index }
      index += 1
    }
    return nil
  }
}
