/// Objects in and out.
extension UnsafeMutablePointer where Pointee == SmpZone {
  @inline(__always) func allocate(_ size: UInt) -> UnsafeMutableRawPointer? {
    guard let own else { return nil }
    if let memory = zone(own).locked({ $0.allocate(size) }) { return memory }
    return allocateElsewhere(size: size, alignment: 1)
  }

  func allocateZeroed(_ size: UInt) -> UnsafeMutableRawPointer? {
    guard let memory = allocate(size) else { return nil }
    clear(memory, size)
    return memory
  }

  func allocate(size: UInt, alignment: UInt, nowait: Bool = false, status: inout Status) -> UnsafeMutableRawPointer? {
    guard let own else { status = AllocationError.notInitialized.code; return nil }
    var why = ok
    let memory =
      zone(own).locked { $0.allocate(size: size, alignment: alignment, nowait: nowait, status: &why) }
      ?? allocateElsewhere(size: size, alignment: alignment)
    if memory == nil { status = why }
    return memory
  }

  /// What the own zone could not get may be in another's, as a slot or as an empty page; else it is in the reserve.
  @inline(never) private func allocateElsewhere(size: UInt, alignment: UInt) -> UnsafeMutableRawPointer? {
    guard SizeClass.index(size: size, alignment: alignment) != nil else { return nil }
    var memory: UnsafeMutableRawPointer?
    forEachFromNext {
      var status = ok
      memory = $0.allocate(size: size, alignment: alignment, nowait: true, status: &status)
      return memory == nil
    }
    return memory
  }

  func allocateBatch(_ size: UInt, count: Int, into out: UnsafeMutablePointer<UnsafeMutableRawPointer?>) -> Int {
    guard let own else { return 0 }
    var done = zone(own).locked { $0.allocateBatch(Int(bitPattern: size), count, out) }
    while done < count, let memory = allocateElsewhere(size: size, alignment: 1) {
      out[done] = memory
      done += 1
    }
    return done
  }

  @inline(__always) func deallocate(_ address: UInt) -> Status { withOwner(of: address) { $0.deallocate(address) } }

  /// Gives back all that can be; returns the status of the first that can't.
  func deallocateBatch(_ objects: UnsafePointer<UnsafeMutableRawPointer?>, count: Int, done: inout Int) -> Status {
    guard own != nil else { return AllocationError.notInitialized.code }
    var first = ok
    for index in 0..<count {
      guard let object = objects[index] else { continue }
      let status = deallocate(UInt(bitPattern: object))
      if status == ok { done += 1 } else if first == ok { first = status }
    }
    return first
  }

  /// Gives an object another size: in place if that is of its size class, else by moving it to where this CPU allocates.
  func reallocate(_ object: UnsafeMutableRawPointer?, size: UInt, alignment: UInt) -> UnsafeMutableRawPointer? {
    var status = ok
    guard let object else { return allocate(size: size, alignment: alignment, status: &status) }
    guard let old = slot(around: UInt(bitPattern: object)),
      let index = SizeClass.index(size: size, alignment: alignment)
    else { return nil }
    if old.index == index, UInt(bitPattern: object) & (alignment &- 1) == 0 { return object }
    guard let new = allocate(size: size, alignment: alignment, status: &status) else { return nil }
    Move(old: object, new: new, byteCount: old.size < size ? old.size : size).copy()
    _ = deallocate(UInt(bitPattern: object))
    return new
  }

  func usableSize(_ address: UInt) -> UInt { slot(around: address)?.size ?? 0 }

  /// The slot size and the size class of a live object.
  private func slot(around address: UInt) -> (size: UInt, index: UInt)? {
    var found: (size: UInt, index: UInt)?
    _ = withOwner(of: address) {
      var status = ok
      if let slab = $0.lookUp(address, status: &status) {
        found = (slab.pointee.slotSize, UInt(slab.pointee.binIndex))
      }
      return status
    }
    return found
  }

  func owns(_ address: UInt) -> Bool {
    withOwner(of: address) { $0.owns(address) ? ok : AllocationError.foreignPointer.code } == ok
  }
}
