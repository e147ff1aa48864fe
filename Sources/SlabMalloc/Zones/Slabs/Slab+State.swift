/// The state that a slab should have, by the number of its used slots.
extension UnsafeMutablePointer where Pointee == Slab {
  /// The number of used slots, pending ones included.
  #if SLM_SMALL
    @inline(never)
  #else
    @inline(__always)
  #endif
  var used: UInt {
    let countdown = UInt(truncatingIfNeeded: pointee.countdown)
    switch pointee.state {
    case .full: return UInt(pointee.slotCount)
    case .sparse: return UInt(pointee.slotCount) &- sparseLimit &+ countdown
    case .current, .partial, .empty: return countdown
    }
  }

  /// A slab is sparse if it has fewer free slots than this: an eighth. A slab of fewer than 32 slots is never
  /// sparse.
  @inline(__always) var sparseLimit: UInt {
    pointee.slotCount < 32 ? 1 : UInt(pointee.slotCount &>> 3)
  }

  /// The state for a number of used slots, in a slab that is not current.
  func state(used: UInt) -> Slab.State {
    if used == 0 { return .empty }
    let free = UInt(pointee.slotCount) &- used
    return free == 0 ? .full : free < sparseLimit ? .sparse : .partial
  }

  /// The countdown for a state and a number of used slots.
  func countdown(in state: Slab.State, used: UInt) -> Int32 {
    switch state {
    case .full: return 1
    case .sparse: return Int32(truncatingIfNeeded: sparseLimit &- (UInt(pointee.slotCount) &- used))
    case .current, .partial, .empty: return Int32(truncatingIfNeeded: used)
    }
  }
}
