import CSlabPort
import Synchronization

/// A lock of the whole process, whose word names the thread that holds it. Waiters sleep.
///
/// A signal handler may interrupt its thread at any instruction. The word changes by one atomic operation, and the
/// handler reads from it whether its own thread holds the lock. A thread that would wait for itself therefore always
/// aborts with a message.
///
///     word    | thread that holds the lock | kept for a fork: bit 1 | a thread may be asleep: bit 0 |
///
///     open ── acquire ──> thread ── release ──> open
///
/// The bit of sleepers works as in `Lock`. Threads are at least 4 bytes apart, which leaves two bits. `OwnedLock+Fork`
/// tells what the other one is for. Zero-filled memory is an open lock.
struct OwnedLock: ~Copyable {
  let word = Atomic<UInt>(0)
  /// The thread that the lock is kept for. Valid only while it is kept.
  let forker = Atomic<UInt>(0)
  /// Forks under way of the thread that keeps or holds the lock, other than the one that it is kept for.
  let innerForks = Atomic<UInt>(0)

  static var hasSleepers: UInt { 1 }
  static var kept: UInt { 2 }

  static func owner(_ word: UInt) -> UInt { word & ~(hasSleepers | kept) }

  @inline(__always) func acquire() {
    let isTaken = word.compareExchange(
      expected: 0, desired: Platform.context(), successOrdering: .acquiring, failureOrdering: .relaxed
    ).exchanged
    if !isTaken { acquireContended() }
  }

  @inline(__always) func release() {
    // The former value is compared, and used no further: one instruction then subtracts and compares.
    let thread = Platform.context()
    if word.wrappingSubtract(thread, ordering: .releasing).oldValue != thread { releaseContended() }
  }

  /// Takes the lock if it is open. A signal handler may call this.
  func tryAcquire() -> Bool {
    word.compareExchange(
      expected: 0, desired: Platform.context(), successOrdering: .acquiring, failureOrdering: .relaxed
    ).exchanged
  }

  /// Whether the calling thread is between `acquire` and `release`.
  var isHeld: Bool { Self.owner(word.load(ordering: .relaxed)) == Platform.context() }

  @inline(never) private func acquireContended() {
    // The holder will release the lock soon: look a few times before asking the system to wait.
    for _ in 0..<100 {
      if take(word.load(ordering: .acquiring), orBits: 0) { return }
      Platform.pause()
    }
    while true {
      let now = word.load(ordering: .acquiring)
      if take(now, orBits: Self.hasSleepers) { return }
      let asleep = now | Self.hasSleepers
      if now == asleep || exchange(now, asleep) { Platform.wait(lowHalf, while: UInt32(truncatingIfNeeded: asleep)) }
    }
  }

  /// Takes the lock if it is open, or kept for the calling thread. The word was loaded acquiring: whoever keeps the
  /// lock stored its thread before the bit.
  private func take(_ now: UInt, orBits bits: UInt) -> Bool {
    let thread = Platform.context()
    if Self.owner(now) == thread { stopReentry() }
    guard Self.owner(now) == 0, now & Self.kept == 0 || forker.load(ordering: .relaxed) == thread else { return false }
    return exchange(now, now | thread | bits)
  }

  private func exchange(_ now: UInt, _ new: UInt) -> Bool {
    word.compareExchange(expected: now, desired: new, successOrdering: .acquiring, failureOrdering: .relaxed).exchanged
  }

  /// The word was more than the thread: the lock stays kept for it, or a sleeper is to be woken.
  @inline(never) func releaseContended() {
    if isKept { return }
    // Another thread may hold the lock by now. It wakes the next sleeper, since whoever slept sets the bit again.
    word.bitwiseAnd(~Self.hasSleepers, ordering: .relaxed)
    Platform.wakeOne(lowHalf)
  }

  /// The half of the word with the bits, for system calls.
  private var lowHalf: UnsafeMutablePointer<UInt32> {
    withUnsafePointer(to: word) {
      UnsafeMutableRawPointer(mutating: UnsafeRawPointer($0)).assumingMemoryBound(to: UInt32.self)
    }
  }

  /// The thread would wait for itself. The library calls no function of the program while it holds such a lock, and no
  /// function that a program replaces to watch its memory or time. Only a signal handler can have come between.
  private func stopReentry() {
    var line = TextLine()
    line.add("slabmalloc: malloc was called by a signal handler that interrupted malloc")
    line.addIds()
    line.write()
    slm_port_abort()
  }
}
