/// What a zone does with an object besides giving it out and taking it back.
extension UnsafeMutablePointer where Pointee == Zone {
  /// Bytes of the slot of a live object; 0 if it is none.
  func usableSize(_ address: UInt) -> UInt {
    var status = ok
    return lookUp(address, status: &status)?.pointee.slotSize ?? 0
  }

  /// Whether an object can have another size where it is.
  func resize(_ address: UInt, size: UInt) -> Status {
    guard address != 0 else { return AllocationError.invalidArgument.code }
    var status = ok
    guard let slab = lookUp(address, status: &status) else { return status }
    return size <= slab.pointee.slotSize ? ok : AllocationError.cannotResize.code
  }

  /// Gives an object another size: in place if that is of its size class, else by moving it.
  func reallocate(_ address: UInt, size: UInt, alignment: UInt, status: inout Status) -> UnsafeMutableRawPointer? {
    guard address != 0 else { return allocate(size: size, alignment: alignment, status: &status) }
    guard let slab = lookUp(address, status: &status) else { return nil }
    guard let index = SizeClass.index(size: size, alignment: alignment) else {
      status = AllocationError.invalidLayout.code
      return nil
    }
    let old = UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped
    if UInt(slab.pointee.binIndex) == index, address & (alignment &- 1) == 0 { return old }
    let oldSize = slab.pointee.slotSize
    guard let new = allocate(size: size, alignment: alignment, status: &status) else { return nil }
    new.copyMemory(from: old, byteCount: Int(oldSize < size ? oldSize : size))
    _ = deallocate(address)
    return new
  }

  /// Allocates up to `count` objects; returns how many.
  func allocateBatch(_ bin: BinPointer, count: Int, into out: UnsafeMutablePointer<UnsafeMutableRawPointer?>) -> Int {
    forgetLast()
    var done = 0
    var status = ok
    while done < count {
      let slots = bin.pendingSlots
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

  /// Gives back all that can be; returns the status of the first that can't.
  func deallocateBatch(_ objects: UnsafePointer<UnsafeMutableRawPointer?>, count: Int, done: inout Int) -> Status {
    guard isInitialized else { return AllocationError.notInitialized.code }
    var first = ok
    for index in 0..<count {
      guard let object = objects[index] else { continue }
      let status = deallocate(UInt(bitPattern: object))
      if status == ok { done += 1 } else if first == ok { first = status }
    }
    return first
  }

  func owns(_ address: UInt) -> Bool { slab(around: address) != nil }
}
