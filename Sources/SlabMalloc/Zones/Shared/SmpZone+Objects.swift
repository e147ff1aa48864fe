import CSlabmalloc

/// Objects in and out.
extension UnsafeMutablePointer where Pointee == SmpZone {
  @inline(__always) func allocate(_ size: UInt) -> UnsafeMutableRawPointer? {
    guard let own else { return nil }
    let memory = zone(own).locked { zone in
      let memory = bits(zone.allocate(size))
      return _fastPath(memory != 0) ? memory : zone.writeFound == .ok ? 0 : 1
    }
    guard _fastPath(memory > 1) else { return memory == 1 ? nil : allocateElsewhere(size) }
    return UnsafeMutableRawPointer(bitPattern: memory)
  }

  @inline(never) private func allocateElsewhere(_ size: UInt) -> UnsafeMutableRawPointer? {
    var status = Status.ok
    return allocateElsewhere(size: size, alignment: 1, status: &status)
  }

  func allocateZeroed(_ size: UInt) -> UnsafeMutableRawPointer? {
    guard let memory = allocate(size) else { return nil }
    clear(memory, size)
    return memory
  }

  func allocate(size: UInt, alignment: UInt, nowait: Bool = false, status: inout Status) -> UnsafeMutableRawPointer? {
    guard let own else { status = .notInitialized; return nil }
    var why = Status.ok
    let memory =
      zone(own).locked { $0.allocate(size: size, alignment: alignment, nowait: nowait, status: &why) }
      ?? allocateElsewhere(size: size, alignment: alignment, status: &why)
    if memory == nil { status = why }
    return memory
  }

  /// What the own zone could not get may be in another's, as a slot or as an empty page; else it is in the reserve. That somebody wrote
  /// to a hardened zone's memory is the end of the call, wherever it is found.
  @inline(never) private func allocateElsewhere(
    size: UInt, alignment: UInt, status: inout Status
  ) -> UnsafeMutableRawPointer? {
    guard !status.reportsWrite, SizeClass.index(size: size, alignment: alignment) != nil else { return nil }
    var memory: UnsafeMutableRawPointer?
    var why = Status.ok
    forEachFromNext {
      memory = $0.allocate(size: size, alignment: alignment, nowait: true, status: &why)
      return memory == nil && !why.reportsWrite
    }
    if memory == nil && why.reportsWrite { status = why }
    return memory
  }

  func allocateBatch(_ size: UInt, count: Int, into out: UnsafeMutablePointer<UnsafeMutableRawPointer?>) -> Int {
    guard let own else { return 0 }
    var status = Status.ok
    var done = zone(own).locked {
      let done = $0.allocateBatch(Int(bitPattern: size), count, out)
      if done < count { status = $0.writeFound }
      return done
    }
    while done < count, let memory = allocateElsewhere(size: size, alignment: 1, status: &status) {
      out[done] = memory
      done += 1
    }
    return done
  }

  @inline(__always) func deallocate(_ address: UInt) -> Status { withOwner(of: address) { $0.deallocate(address) } }

  /// Gives back all that can be; returns the status of the first that can't.
  func deallocateBatch(_ objects: UnsafePointer<UnsafeMutableRawPointer?>, count: Int, done: inout Int) -> Status {
    guard own != nil else { return .notInitialized }
    var first = Status.ok
    for index in 0..<count {
      guard let object = objects[index] else { continue }
      let status = deallocate(UInt(bitPattern: object))
      if status == .ok { done += 1 } else if first == .ok { first = status }
    }
    return first
  }

  /// Gives an object another size: in place if that is of its size class, else by moving it to where this CPU allocates.
  func reallocate(_ object: UnsafeMutableRawPointer?, size: UInt, alignment: UInt) -> UnsafeMutableRawPointer? {
    var status = Status.ok
    guard let object else { return allocate(size: size, alignment: alignment, status: &status) }
    guard let old = slot(around: UInt(bitPattern: object), isIntact: true),
      let index = reserves.zone.classIndex(size: size, alignment: alignment)
    else { return nil }
    if old.index == index, UInt(bitPattern: object) & (alignment &- 1) == 0 { return object }
    guard let new = allocate(size: size, alignment: alignment, status: &status) else { return nil }
    Move(old: object, new: new, byteCount: old.size < size ? old.size : size).copy()
    _ = deallocate(UInt(bitPattern: object))
    return new
  }

  func usableSize(_ address: UInt) -> UInt { slot(around: address, isIntact: false)?.size ?? 0 }

  /// The usable size and the size class of a live object; if asked, only of one behind whose end nothing was written.
  private func slot(around address: UInt, isIntact: Bool) -> (size: UInt, index: UInt)? {
    var found: (size: UInt, index: UInt)?
    _ = withOwner(of: address) {
      var status = Status.ok
      if let slab = isIntact ? $0.lookUpIntact(address, status: &status) : $0.lookUp(address, status: &status) {
        found = ($0.usableSize(slab), UInt(slab.pointee.binIndex))
      }
      return status
    }
    return found
  }

  func owns(_ address: UInt) -> Bool {
    withOwner(of: address) { $0.owns(address) ? .ok : .foreignPointer } == .ok
  }
}
