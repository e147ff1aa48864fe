import CSlabPort
import Synchronization

/// Slots: a small number for each thread that uses explicit heaps, by which it finds its part of each of them.
///
/// A thread takes the lowest free slot when it first needs one, and returns it when it ends. The next thread that takes
/// the slot finds the parts of the one before. Slot 0 is nobody's: a thread has it before it needs another one, and
/// after it has returned its own.
///
///     slm_port_thread_slots:  | 1 0 1 1 ... | ... |      a bit for each slot: taken
///
/// Whoever has taken a slot may use the parts with this number, in all heaps. A thread may also take the slot of an
/// ended thread for a while, in order to use a part that it left.
///
/// Invariant: no two threads have one slot. Lock: none. Taking a slot acquires what returning it released.
enum ThreadSlots {
  static var nobodys: UInt { 0 }
  /// Threads that have a slot at once, and one more.
  static var count: UInt { UInt(SLM_PORT_THREAD_SLOTS) }

  /// The slot of the calling thread.
  @inline(__always) static var own: UInt { slm_port_thread_slot() }

  /// Takes the lowest free slot; `nobodys` if there is none.
  static func take() -> UInt {
    for index in 0..<count / 64 {
      let word = word(index)
      var taken = word.pointee.load(ordering: .relaxed) | (index == 0 ? 1 : 0)
      while ~taken != 0 {
        let bit = UInt((~taken).trailingZeroBitCount)
        if tryTake(index * 64 + bit) { return index * 64 + bit }
        taken = word.pointee.load(ordering: .relaxed) | (index == 0 ? 1 : 0)
      }
    }
    return nobodys
  }

  /// Takes a slot that no thread has. False if one has it.
  static func tryTake(_ slot: UInt) -> Bool {
    let bit: UInt64 = 1 << UInt64(slot % 64)
    return word(slot / 64).pointee.bitwiseOr(bit, ordering: .acquiring).oldValue & bit == 0
  }

  static func giveBack(_ slot: UInt) {
    word(slot / 64).pointee.bitwiseAnd(~(1 << UInt64(slot % 64)), ordering: .releasing)
  }

  /// Gives the calling thread a slot, which it returns when it ends; `nobodys` if there is none.
  static func obtain() -> UInt {
    let slot = take()
    guard slot != nobodys else { return slot }
    slm_port_set_thread_slot(slot)
    // A thread with a heap is watched already.
    if slm_port_thread_heap() == slm_port_no_heap_address(), slm_port_traced_heap() == nil {
      slm_port_watch_thread(slm_port_no_heap_address())
    }
    return slot
  }

  /// The thread ends.
  static func end() {
    guard own != nobodys else { return }
    giveBack(own)
    slm_port_set_thread_slot(nobodys)
  }

  private static func word(_ index: UInt) -> UnsafeMutablePointer<Atomic<UInt64>> {
    atomic(slm_port_thread_slots_address() + Int(index))
  }
}
