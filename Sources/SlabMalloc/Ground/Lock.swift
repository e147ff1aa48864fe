import CSlabPort
import Synchronization

// A lock for a few dozen instructions of work, a field of the struct that it guards. Zero-filled memory is an open
// lock.
//
// Which locks there are, and in which order they are taken, is listed in the design article.

#if SLM_HOSTED
  /// A lock that sleeps when it is contended.
  ///
  /// Bits of the word: 0 it is held, 1 a thread may be asleep (after Drepper, "Futexes are tricky"). Taking it sets bit
  /// 0 and leaves the other, giving it up subtracts bit 0: each is one instruction, whose result says whether that was
  /// all.
  struct Lock: ~Copyable {
    private let word = Atomic<UInt32>(0)

    private static var held: UInt32 { 1 }
    private static var hasSleepers: UInt32 { 2 }

    @inline(__always) func acquire() {
      guard tryAcquire() else { return Self.acquireContended(word) }
    }

    @inline(__always) func release() { _ = release(returning: 0) }

    /// Releases the lock. What the caller returns passes through, so that it needs no register while a sleeper is
    /// woken.
    @inline(__always) func release(returning result: UInt) -> UInt {
      guard word.wrappingSubtract(Self.held, ordering: .releasing).newValue == 0 else {
        return Self.wakeOne(word, returning: result)
      }
      return result
    }

    /// Takes the lock if it is open.
    @inline(__always) func tryAcquire() -> Bool {
      word.bitwiseOr(Self.held, ordering: .acquiring).oldValue & Self.held == 0
    }

    // The slow halves are functions of the word alone, so that the fast ones save no register for them.

    @inline(never) private static func acquireContended(_ word: borrowing Atomic<UInt32>) {
      // The holder is done soon: look a few times before asking the system to wait.
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

    /// The lock is open already; another thread may have it by now, and then leaves it by this way, too.
    @inline(never) private static func wakeOne(_ word: borrowing Atomic<UInt32>, returning result: UInt) -> UInt {
      word.bitwiseAnd(~hasSleepers, ordering: .relaxed)
      Platform.wakeOne(word.address)
      return result
    }
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
      while !takeWord() {
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

    /// The same with a result of the caller's that passes through, as the hosted lock has it.
    @inline(__always) func release(returning result: UInt) -> UInt {
      release()
      return result
    }

    /// Takes the lock if it is open; else interrupts are as they were.
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
