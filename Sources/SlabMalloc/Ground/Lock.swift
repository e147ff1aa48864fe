import CSlabPort
import Synchronization

// A lock for a few dozen instructions of work. It is a field of the struct that it guards. Zero-filled memory is an
// open lock.
//
// The design article lists all locks and the order in which threads take them.

#if SLM_HOSTED
  /// A lock whose waiters sleep.
  ///
  /// The word has two bits: bit 0 means that the lock is held, bit 1 that a thread may be asleep (after Drepper,
  /// "Futexes are tricky"). Taking the lock sets bit 0 and leaves bit 1. Releasing it subtracts bit 0. Each is one
  /// instruction, and its result shows whether more work is needed.
  struct Lock: ~Copyable {
    private let word = Atomic<UInt32>(0)

    private static var held: UInt32 { 1 }
    private static var hasSleepers: UInt32 { 2 }

    @inline(__always) func acquire() {
      guard tryAcquire() else { return Self.acquireContended(word) }
    }

    @inline(__always) func release() { _ = release(returning: 0) }

    /// The same, for fast paths.
    @inline(__always) func acquireInline() { acquire() }
    @inline(__always) func releaseInline() { release() }

    /// Releases the lock and returns `result`, the caller's own result. It passes through here because it would
    /// otherwise need a saved register while a sleeper is woken.
    @inline(__always) func release(returning result: UInt) -> UInt {
      guard word.wrappingSubtract(Self.held, ordering: .releasing).newValue == 0 else {
        return Self.wakeOne(word, returning: result)
      }
      return result
    }

    /// Takes the lock if it is open; false otherwise.
    @inline(__always) func tryAcquire() -> Bool {
      word.bitwiseOr(Self.held, ordering: .acquiring).oldValue & Self.held == 0
    }

    // The slow halves are functions of the word alone, because the fast halves would otherwise save registers for them.

    @inline(never) private static func acquireContended(_ word: borrowing Atomic<UInt32>) {
      // The holder will release the lock soon: look a few times before asking the system to wait.
      for _ in 0..<100 {
        if word.load(ordering: .relaxed) & held == 0, word.bitwiseOr(held, ordering: .acquiring).oldValue & held == 0 {
          return
        }
        Platform.pause()
      }
      while word.exchange(held | hasSleepers, ordering: .acquiring) & held != 0 {
        Platform.wait(word.address, while: held | hasSleepers)
      }
    }

    /// Wakes a sleeper after the lock was opened. Another thread may hold the lock by now. It clears the sleepers' bit
    /// in the same way when it releases the lock.
    @inline(never) private static func wakeOne(_ word: borrowing Atomic<UInt32>, returning result: UInt) -> UInt {
      word.bitwiseAnd(~hasSleepers, ordering: .relaxed)
      Platform.wakeOne(word.address)
      return result
    }
  }

  extension Atomic where Value == UInt32 {
    /// The address of the word, for system calls.
    fileprivate var address: UnsafeMutablePointer<UInt32> {
      withUnsafePointer(to: self) {
        UnsafeMutableRawPointer(mutating: UnsafeRawPointer($0)).assumingMemoryBound(to: UInt32.self)
      }
    }
  }
#else
  /// A spin lock that is held with interrupts disabled, because a handler on the same CPU would wait for ever.
  ///
  /// States of the word: 0 is open, 1 is held.
  struct Lock: ~Copyable {
    private let word = Atomic<UInt32>(0)
    /// The interrupt state of the holder's CPU before the lock was taken. Only the holder reads and writes it.
    private let interrupts = Atomic<UInt>(0)

    // The code is long, because it calls hooks. It exists once, and in the fast paths.

    @inline(never) func acquire() { acquireInline() }
    @inline(never) func release() { releaseInline() }

    @inline(__always) func acquireInline() {
      var state = Platform.disableInterrupts()
      while !takeWord() {
        // Interrupts are enabled while the CPU waits.
        Platform.restoreInterrupts(state)
        while word.load(ordering: .relaxed) != 0 { Platform.pause() }
        state = Platform.disableInterrupts()
      }
      interrupts.store(state, ordering: .relaxed)
    }

    @inline(__always) func releaseInline() {
      let state = interrupts.load(ordering: .relaxed)
      word.store(0, ordering: .releasing)
      Platform.restoreInterrupts(state)
    }

    /// Releases the lock and returns `result`, like the hosted lock.
    @inline(__always) func release(returning result: UInt) -> UInt {
      release()
      return result
    }

    /// Takes the lock if it is open. Otherwise restores the interrupts and returns false.
    @inline(__always) func tryAcquire() -> Bool {
      let state = Platform.disableInterrupts()
      guard takeWord() else {
        Platform.restoreInterrupts(state)
        return false
      }
      interrupts.store(state, ordering: .relaxed)
      return true
    }

    @inline(__always) private func takeWord() -> Bool {
      word.compareExchange(expected: 0, desired: 1, successOrdering: .acquiring, failureOrdering: .relaxed).exchanged
    }
  }
#endif
