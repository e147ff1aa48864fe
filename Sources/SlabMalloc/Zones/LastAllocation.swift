/// A record that undoes the latest allocation. Programs often free an object right after its allocation, and the record
/// makes such a pair cheap.
///
/// Before `slot` was taken, `*ready` was `slots`, and nothing has changed it since. Every other operation that takes
/// from a ready word, or moves a bin to another word, first calls `forgetLast`.
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
