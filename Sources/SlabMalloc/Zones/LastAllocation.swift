/// How to undo the latest allocation: programs often free an object right after they have allocated it.
///
/// `*pending` was `slots` before `slot` was taken from it, and nothing has changed it since. Whatever else takes from a
/// pending word or moves a bin to another one forgets the allocation first, with `forgetLast`.
struct LastAllocation {
  var slot: UInt
  var slots: UInt
  /// nil if there is no allocation to undo.
  var ready: UnsafeMutablePointer<UInt>?

  @inline(__always) static var none: Self { Self(slot: 0, slots: 0, ready: nil) }
}

extension UnsafeMutablePointer where Pointee == ZoneState {
  @inline(__always) func forgetLast() { pointee.head.last.ready = nil }
}
