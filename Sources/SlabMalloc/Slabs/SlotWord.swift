/// The state of 64 slots: a slot is free if its bit is set in either half, never in both.
///
/// Deallocation sets bits in `free`. Allocation takes them from `pending`, a part of `free` moved over at once: so
/// neither waits for the other's last store, and both see every slot's exact state.
struct SlotWord {
  var free: UInt64
  var pending: UInt64

  @inline(__always) var freeSlots: UInt64 { free | pending }
}
