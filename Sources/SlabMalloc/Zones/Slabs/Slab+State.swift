/// What state a slab should be in, by how many of its slots are used.
extension UnsafeMutablePointer where Pointee == Slab {
  /// Used slots, pending ones among them.
  @inline(__always) var used: UInt {
    let countdown = UInt(truncatingIfNeeded: pointee.countdown)
    switch pointee.state {
    case .full: return UInt(pointee.slotCount)
    case .sparse: return UInt(pointee.slotCount) &- sparseLimit &+ countdown
    case .current, .partial, .empty: return countdown
    }
  }

  /// With fewer free slots than this a slab is sparse: one in 16. A slab of few slots is never.
  @inline(__always) var sparseLimit: UInt {
    pointee.slotCount < 128 ? 1 : UInt(pointee.slotCount &>> 4)
  }

  /// The state for a number of used slots, in a slab that is not current.
  func state(used: UInt) -> Slab.State {
    if used == 0 { return .empty }
    let free = UInt(pointee.slotCount) &- used
    return free == 0 ? .full : free < sparseLimit ? .sparse : .partial
  }

  /// The countdown that goes with it.
  func countdown(in state: Slab.State, used: UInt) -> Int32 {
    switch state {
    case .full: return 1
    case .sparse: return Int32(truncatingIfNeeded: sparseLimit &- (UInt(pointee.slotCount) &- used))
    case .current, .partial, .empty: return Int32(truncatingIfNeeded: used)
    }
  }
}
