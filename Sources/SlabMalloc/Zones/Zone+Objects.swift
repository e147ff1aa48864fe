import CSlabmalloc

/// Calls on objects other than allocation and deallocation: sizes, batches and ownership.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Usable bytes of a live object; 0 if there is none at this address.
  func usableSize(_ address: UInt) -> UInt {
    var status = Status.ok
    if let slab = lookUp(address, status: &status) { return usableSize(slab) }
    guard !Build.isSmall, isInitialized else { return 0 }
    return lookUpRun(address, status: &status).map { $0.room &- canarySize } ?? 0
  }

  /// Allocates up to `count` objects; returns their number.
  func allocateBatch(_ bin: BinPointer, count: Int, into out: UnsafeMutablePointer<UnsafeMutableRawPointer?>) -> Int {
    forgetLast()
    var done = 0
    var status = Status.ok
    while done < count {
      let slots = bin.readySlots
      if slots != 0 {
        out[done] = bin.claim(slots)
      } else if let object = allocate(from: bin, status: &status) {
        out[done] = object
      } else {
        break
      }
      done += 1
    }
    return done
  }

  /// Deallocates objects from an index on, up to the first foreign one. Returns true if there is one, and `index` is
  /// then its index. `first` receives the status of the first other object that cannot be deallocated.
  func deallocateBatch(
    _ objects: UnsafePointer<UnsafeMutableRawPointer?>, count: Int, from index: inout Int, done: inout Int,
    first: inout Status
  ) -> Bool {
    guard isInitialized else {
      if first == .ok { first = .notInitialized }
      return false
    }
    while index < count {
      if let object = objects[index] {
        let status = deallocate(UInt(bitPattern: object))
        if status == .foreignPointer { return true }
        if status == .ok { done += 1 } else if first == .ok { first = status }
      }
      index += 1
    }
    return false
  }

  /// Usable bytes of an allocation of this size; 0 if the size cannot be served.
  func goodSize(_ size: UInt) -> UInt {
    guard isInitialized else { return 0 }
    if let index = classIndex(size: size) { return SizeClass.slotSize(index) &- canarySize }
    guard !Build.isSmall, canServeRun(size: size, alignment: 1) else { return 0 }
    let isLarge = pointee.provider.allocate != nil && !pointee.provider.givesRuns
    return (isLarge ? PageSize.large.size : roundUp(size &+ canarySize, to: page.size)) &- canarySize
  }

  /// Bytes of the pages that `refill` takes for a layout. nil if the layout is invalid or the zone is not initialised.
  func pageSize(size: UInt, alignment: UInt) -> UInt? {
    guard isInitialized else { return nil }
    if let index = classIndex(size: size, alignment: alignment) { return pageSize(of: bin(index)) }
    guard !Build.isSmall, canServeRun(size: size, alignment: alignment) else { return nil }
    let bytes = pushedRunBytes(size: size)
    // Where pages are aligned to their size alone, a large one has the alignment.
    let isLarge = !pointee.provider.givesRuns && alignment > page.size && max(bytes, alignment) <= PageSize.large.size
    return isLarge ? PageSize.large.size : bytes
  }

  /// Bytes of the pages that `refill` takes for a bin: a base page, if it holds the slots well.
  func pageSize(of bin: BinPointer) -> UInt {
    bin.pointee.slotSize <= SlabGeometry.largestOnBasePage(page) ? page.size : UInt(bin.pointee.slabBytes)
  }

  /// Whether an address lies in a slab or a run of the zone.
  func owns(_ address: UInt) -> Bool {
    if slab(around: address) != nil { return true }
    guard !Build.isSmall, isInitialized, pointee.hasRuns, let directory = pointee.directory else { return false }
    return directory.pointee.runs.find(address) != nil
  }
}
