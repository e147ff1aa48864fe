import CSlabPort
import Synchronization

#if os(Linux)
  /// A lock for a few dozen instructions of work. Zero-filled memory is an open lock.
  ///
  /// States of the word: 0 open, 1 held, 2 held and somebody may be asleep (Drepper, "Futexes are tricky").
  struct Lock {
    var word: UInt32 = 0
  }

  extension UnsafeMutablePointer where Pointee == Lock {
    @inline(__always) func acquire() {
      guard tryOnce() else { return lockContended() }
    }

    @inline(__always) func release() {
      guard state.pointee.exchange(0, ordering: .releasing) == 2 else { return }
      Platform.wakeOne(UnsafeMutableRawPointer(self).assumingMemoryBound(to: UInt32.self))
    }

    /// Takes the lock if it is open.
    @inline(__always) func tryAcquire() -> Bool { tryOnce() }

    @inline(never) private func lockContended() {
      // Whoever holds it will soon be done: look a few times before asking the system to wait.
      for _ in 0..<100 {
        if state.pointee.load(ordering: .relaxed) == 0, tryOnce() { return }
        Platform.pause()
      }
      while state.pointee.exchange(2, ordering: .acquiring) != 0 {
        Platform.wait(UnsafeMutableRawPointer(self).assumingMemoryBound(to: UInt32.self), while: 2)
      }
    }
  }
#else
  /// A spin lock for a few dozen instructions of work, held with interrupts disabled: so no handler of the same CPU waits for
  /// it. Zero-filled memory is an open lock.
  ///
  /// States of the word: 0 open, 1 held.
  struct Lock {
    var word: UInt32 = 0
    /// What the interrupts of the holder's CPU were before. Belongs to the holder.
    var interrupts: UInt = 0
  }

  extension UnsafeMutablePointer where Pointee == Lock {
    #if SLM_SMALL
      @inline(never)
    #else
      @inline(__always)
    #endif
    func acquire() {
      var interrupts = Platform.disableInterrupts()
      while !tryOnce() {
        // Who waits can be interrupted.
        Platform.restoreInterrupts(interrupts)
        while state.pointee.load(ordering: .relaxed) != 0 { Platform.pause() }
        interrupts = Platform.disableInterrupts()
      }
      pointee.interrupts = interrupts
    }

    #if SLM_SMALL
      @inline(never)
    #else
      @inline(__always)
    #endif
    func release() {
      let interrupts = pointee.interrupts
      state.pointee.store(0, ordering: .releasing)
      Platform.restoreInterrupts(interrupts)
    }
  }
#endif

extension UnsafeMutablePointer where Pointee == Lock {
  @inline(__always) private var state: UnsafeMutablePointer<Atomic<UInt32>> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: Atomic<UInt32>.self)
  }

  /// Takes the lock if it is open.
  @inline(__always) private func tryOnce() -> Bool {
    state.pointee.compareExchange(expected: 0, desired: 1, successOrdering: .acquiring, failureOrdering: .relaxed)
      .exchanged
  }
}
