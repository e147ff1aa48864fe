import CSlabmalloc

/// Calls on objects other than allocation and deallocation: sizes, batches and ownership.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Usable bytes of a live object; 0 if there is none at this address.
  func usableSize(_ address: UInt) -> UInt {
    var status = Status.ok
    return lookUp(address, status: &status).map { usableSize($0) } ?? 0
  }

  /// Whether an object can take another size in place.
  func resize(_ address: UInt, size: UInt) -> Status {
    guard address != 0 else { return .invalidArgument }
    var status = Status.ok
    guard let slab = lookUpIntact(address, status: &status) else { return status }
    return size <= usableSize(slab) ? .ok : .cannotResize
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
    guard isInitialized, let index = classIndex(size: size) else { return 0 }
    return SizeClass.slotSize(index) &- canarySize
  }

  /// The size of the pages that serve a layout. nil if the layout is invalid or the zone is not initialised.
  func pageSize(size: UInt, alignment: UInt) -> PageSize? {
    guard isInitialized, let index = classIndex(size: size, alignment: alignment) else { return nil }
    return bin(index).pointee.page
  }

  func owns(_ address: UInt) -> Bool { slab(around: address) != nil }
}
