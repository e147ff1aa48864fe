import CSlabPort
import Synchronization

// A lock for a few dozen instructions of work, a field of the struct that it guards. Zero-filled memory is an open lock.
//
// Which locks there are, and in which order they are taken, is listed in the design article.

#if SLM_HOSTED
  /// A lock that sleeps when it is contended.
  ///
  /// States of the word: 0 open, 1 held, 2 held and a thread may be asleep (Drepper, "Futexes are tricky").
  struct Lock: ~Copyable {
    private let word = Atomic<UInt32>(0)

    @inline(__always) func acquire() {
      guard tryAcquire() else { return Self.acquireContended(word) }
    }

    @inline(__always) func release() {
      guard word.exchange(0, ordering: .releasing) == 2 else { return }
      Self.wakeOne(word)
    }

    /// Takes the lock if it is open.
    @inline(__always) func tryAcquire() -> Bool {
      word.compareExchange(expected: 0, desired: 1, successOrdering: .acquiring, failureOrdering: .relaxed).exchanged
    }

    // The slow halves are functions of the word alone, so that the fast ones save no register for them.

    @inline(never) private static func acquireContended(_ word: borrowing Atomic<UInt32>) {
      // The holder is done soon: look a few times before asking the system to wait.
      for _ in 0..<100 {
        if word.load(ordering: .relaxed) == 0,
          word.compareExchange(expected: 0, desired: 1, successOrdering: .acquiring, failureOrdering: .relaxed).exchanged
        {
          return
        }
        Platform.pause()
      }
      while word.exchange(2, ordering: .acquiring) != 0 { Platform.wait(word.address, while: 2) }
    }

    @inline(never) private static func wakeOne(_ word: borrowing Atomic<UInt32>) { Platform.wakeOne(word.address) }
  }

  extension Atomic where Value == UInt32 {
    /// Where the word is, for the system's calls.
    fileprivate var address: UnsafeMutablePointer<UInt32> {
      withUnsafePointer(to: self) {
        UnsafeMutableRawPointer(mutating: UnsafeRawPointer($0)).assumingMemoryBound(to: UInt32.self)
      }
    }
  }
#else
  /// A spin lock, held with interrupts disabled: no handler of the same CPU waits for it.
  ///
  /// States of the word: 0 open, 1 held.
  struct Lock: ~Copyable {
    private let word = Atomic<UInt32>(0)
    /// What the interrupts of the holder's CPU were before. Only the holder reads and writes it.
    private let interrupts = Atomic<UInt>(0)

    #if SLM_SMALL
      @inline(never)
    #else
      @inline(__always)
    #endif
    func acquire() {
      var state = Platform.disableInterrupts()
      while !tryAcquire() {
        // A CPU that waits can be interrupted.
        Platform.restoreInterrupts(state)
        while word.load(ordering: .relaxed) != 0 { Platform.pause() }
        state = Platform.disableInterrupts()
      }
      interrupts.store(state, ordering: .relaxed)
    }

    #if SLM_SMALL
      @inline(never)
    #else
      @inline(__always)
    #endif
    func release() {
      let state = interrupts.load(ordering: .relaxed)
      word.store(0, ordering: .releasing)
      Platform.restoreInterrupts(state)
    }

    @inline(__always) private func tryAcquire() -> Bool {
      word.compareExchange(expected: 0, desired: 1, successOrdering: .acquiring, failureOrdering: .relaxed).exchanged
    }
  }
#endif
