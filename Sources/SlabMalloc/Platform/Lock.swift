import CSlabPort
import Synchronization

/// A lock for a few dozen instructions of work. Zero-filled memory is an open lock.
///
/// States of the word: 0 open, 1 held, 2 held and somebody may be asleep (Drepper, "Futexes are tricky").
struct Lock {
  var word: UInt32 = 0
}

extension UnsafeMutablePointer where Pointee == Lock {
  @inline(__always) private var state: UnsafeMutablePointer<Atomic<UInt32>> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: Atomic<UInt32>.self)
  }

  @inline(__always) func acquire() {
    guard
      state.pointee.compareExchange(expected: 0, desired: 1, successOrdering: .acquiring, failureOrdering: .relaxed)
        .exchanged
    else { return lockContended() }
  }

  @inline(__always) func release() {
    guard state.pointee.exchange(0, ordering: .releasing) == 2 else { return }
    Platform.wakeOne(UnsafeMutableRawPointer(self).assumingMemoryBound(to: UInt32.self))
  }

  @inline(never) private func lockContended() {
    // Whoever holds it will soon be done: look a few times before asking the system to wait.
    for _ in 0..<100 {
      if state.pointee.load(ordering: .relaxed) == 0,
        state.pointee.compareExchange(expected: 0, desired: 1, successOrdering: .acquiring, failureOrdering: .relaxed)
          .exchanged
      {
        return
      }
      Platform.pause()
    }
    while state.pointee.exchange(2, ordering: .acquiring) != 0 {
      Platform.wait(UnsafeMutableRawPointer(self).assumingMemoryBound(to: UInt32.self), while: 2)
    }
  }
}
