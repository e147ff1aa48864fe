import CSlabmalloc

/// Objects that get another size.
///
/// An object stays where it is if its new size has the same size class, or if pages behind its run can be taken or
/// given back. Otherwise it moves. An object that shrinks also stays if there is no memory for a smaller one: giving
/// memory up never fails. The zone counts objects that stayed, and as many sized deallocations may name a smaller size
/// than their slot's.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// What `reallocate` does with an object.
  enum Move {
    case stays
    /// The object has this many bytes to copy. It must stay if there is no memory and it shrinks.
    case moves(bytes: UInt, shrinks: Bool)
  }

  /// Gives an object another size in place, if that is what `reallocate` does. If not, nothing changes.
  func resizeForReallocation(_ address: UInt, size: UInt, alignment: UInt, status: inout Status) -> Move? {
    guard isInitialized else {
      status = .notInitialized
      return nil
    }
    let isAligned = address & (alignment &- 1) == 0
    let index = classIndex(size: size, alignment: alignment)
    if let slab = slab(around: address) {
      guard lookUpIntact(address, status: &status) != nil else { return nil }
      if let index, index == UInt(slab.pointee.binIndex), isAligned { return .stays }
      let usable = usableSize(slab)
      return .moves(bytes: min(usable, size), shrinks: size <= usable && isAligned)
    }
    guard !Build.isSmall else {
      _ = lookUp(address, status: &status)
      return nil
    }
    guard let run = lookUpRun(address, status: &status) else { return nil }
    guard isIntact(run) else {
      status = .overflow
      return nil
    }
    if index == nil, isAligned, resize(run, size: size, isWanted: true) { return .stays }
    let usable = run.room &- canarySize
    return .moves(bytes: min(usable, size), shrinks: size <= usable && isAligned)
  }

  /// Keeps an object that shrinks where it is.
  func stay(_ address: UInt, size: UInt) {
    pointee.stayed &+= 1
    guard !Build.isSmall, slab(around: address) == nil else { return }
    var status = Status.ok
    if let run = lookUpRun(address, status: &status) { _ = resize(run, size: size, isWanted: false) }
  }

  /// Whether a sized deallocation that names a smaller class than the object's is one of an object that stayed.
  func forgiveStayed(_ slab: SlabPointer?, _ index: UInt) -> Bool {
    guard pointee.stayed != 0, index < slab.map({ UInt($0.pointee.binIndex) }) ?? UInt.max else { return false }
    pointee.stayed &-= 1
    return true
  }

  /// Whether an object can take another size in place.
  func resize(_ address: UInt, size: UInt) -> Status {
    guard address != 0 else { return .invalidArgument }
    var status = Status.ok
    if !Build.isSmall, isInitialized, slab(around: address) == nil {
      guard let run = lookUpRun(address, status: &status) else { return status }
      guard isIntact(run) else { return .overflow }
      return resize(run, size: size, isWanted: false) ? .ok : .cannotResize
    }
    guard let slab = lookUpIntact(address, status: &status) else { return status }
    return size <= usableSize(slab) ? .ok : .cannotResize
  }
}
