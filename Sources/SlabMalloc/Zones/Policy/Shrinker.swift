import CSlabmalloc

/// A shrinker: a function of the client that frees memory, asked before memory is refused. The struct is the client's.
/// A policy links those of its zone:
///
///     policy.shrinkers -> slm_shrinker -> slm_shrinker -> nil        (next; in the order of registration)
///
/// A shrinker runs without a lock, and may remove itself or others meanwhile. The asker therefore keeps no pointer to
/// it, but its number, and goes on with the lowest number above.
typealias ShrinkerPointer = UnsafeMutablePointer<slm_shrinker>

extension UnsafeMutablePointer where Pointee == Policy {
  /// Registers a shrinker as the last one.
  func addShrinker(_ shrinker: ShrinkerPointer) -> Status {
    locked {
      guard shrinker.pointee.owner == nil else { return .inUse }
      pointee.shrinkerCount += 1
      shrinker.pointee.owner = UnsafeMutableRawPointer(self)
      shrinker.pointee.number = pointee.shrinkerCount
      shrinker.pointee.next = nil
      guard var last = pointee.shrinkers else {
        pointee.shrinkers = shrinker
        return .ok
      }
      while let next = last.pointee.next { last = next }
      last.pointee.next = shrinker
      return .ok
    }
  }

  /// Unregisters a shrinker; false if it is not registered here.
  @discardableResult func removeShrinker(_ shrinker: ShrinkerPointer) -> Bool {
    locked {
      var before: ShrinkerPointer?
      var found = pointee.shrinkers
      while let candidate = found, candidate != shrinker { (before, found) = (candidate, candidate.pointee.next) }
      guard found != nil else { return false }
      if let before { before.pointee.next = shrinker.pointee.next } else { pointee.shrinkers = shrinker.pointee.next }
      shrinker.pointee.next = nil
      shrinker.pointee.owner = nil
      return true
    }
  }

  /// A copy of the first shrinker with a number above this one.
  func shrinker(after number: UInt) -> slm_shrinker? {
    locked {
      var candidate = pointee.shrinkers
      while let shrinker = candidate {
        if shrinker.pointee.number > number { return shrinker.pointee }
        candidate = shrinker.pointee.next
      }
      return nil
    }
  }
}
