import CSlabmalloc

/// An object on its way to another place.
struct Move {
  let old: UnsafeMutableRawPointer
  let new: UnsafeMutableRawPointer
  let byteCount: UInt

  var isElsewhere: Bool { old != new }

  func copy() { new.copyMemory(from: old, byteCount: Int(byteCount)) }
}

/// What a zone does with an object besides giving it out and taking it back.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Bytes of the slot of a live object; 0 if it is none.
  func usableSize(_ address: UInt) -> UInt {
    var status = Status.ok
    return lookUp(address, status: &status).map { usableSize($0) } ?? 0
  }

  /// Whether an object can have another size where it is.
  func resize(_ address: UInt, size: UInt) -> Status {
    guard address != 0 else { return .invalidArgument }
    var status = Status.ok
    guard let slab = lookUpIntact(address, status: &status) else { return status }
    return size <= usableSize(slab) ? .ok : .cannotResize
  }

  /// Gives an object another size: in place if that is of its size class, else by moving it.
  func reallocate(_ address: UInt, size: UInt, alignment: UInt, status: inout Status) -> UnsafeMutableRawPointer? {
    guard let move = prepareMove(address, size: size, alignment: alignment, status: &status) else { return nil }
    move.copy()
    if move.isElsewhere { _ = deallocate(address) }
    return move.new
  }

  /// The first half of a reallocation: the place where the object is to be, which may be the one where it is. After it is
  /// copied there, the old one is to be given back.
  func prepareMove(_ address: UInt, size: UInt, alignment: UInt, status: inout Status) -> Move? {
    guard let old = UnsafeMutableRawPointer(bitPattern: address) else {
      guard let new = allocate(size: size, alignment: alignment, status: &status) else { return nil }
      return Move(old: new, new: new, byteCount: 0)
    }
    guard let slab = lookUpIntact(address, status: &status) else { return nil }
    guard let index = classIndex(size: size, alignment: alignment) else {
      status = .invalidLayout
      return nil
    }
    if UInt(slab.pointee.binIndex) == index, address & (alignment &- 1) == 0 {
      return Move(old: old, new: old, byteCount: 0)
    }
    let oldSize = usableSize(slab)
    guard let new = allocate(size: size, alignment: alignment, status: &status) else { return nil }
    return Move(old: old, new: new, byteCount: oldSize < size ? oldSize : size)
  }

  /// Allocates up to `count` objects; returns how many.
  func allocateBatch(_ bin: BinPointer, count: Int, into out: UnsafeMutablePointer<UnsafeMutableRawPointer?>) -> Int {
    forgetLast()
    var done = 0
    var status = Status.ok
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
    guard isInitialized else { return .notInitialized }
    var first = Status.ok
    for index in 0..<count {
      guard let object = objects[index] else { continue }
      let status = deallocate(UInt(bitPattern: object))
      if status == .ok { done += 1 } else if first == .ok { first = status }
    }
    return first
  }

  func owns(_ address: UInt) -> Bool { slab(around: address) != nil }
}
