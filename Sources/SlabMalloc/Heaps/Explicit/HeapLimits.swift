import Synchronization

/// The limits of an explicit heap, and the bytes that they are about: those of its slabs and of the runs of its large
/// objects, of all parts together. Bytes are counted before a run is taken, and given up if it does not come.
///
///     held = bytes of slabs + bytes of large objects + bytes that a thread is about to take
///     held <= hard limit, or held has not grown since the limit was set
///
/// Lock: that of the run pool guards the handler and its context. The words are atomic.
struct HeapLimits: ~Copyable {
  /// Bytes; 0 if there is no such limit.
  let soft: Atomic<UInt>
  let hard: Atomic<UInt>
  let held: Atomic<UInt>
  let peak: Atomic<UInt>
  /// 1 after the handler was called for the soft limit, until `held` is no longer above it.
  let isAboveSoft: Atomic<UInt>
  var handler: Handler?
  var context: UnsafeMutableRawPointer?

  typealias Handler = @convention(c) (_ context: UnsafeMutableRawPointer?, _ bytes: Int) -> Void

  mutating func reset(soft: UInt, hard: UInt) {
    held.store(0, ordering: .relaxed)
    peak.store(0, ordering: .relaxed)
    handler = nil
    context = nil
    set(soft: soft, hard: hard)
  }

  /// Sets the limits. The next run above the soft one calls the handler.
  func set(soft: UInt, hard: UInt) {
    self.soft.store(soft, ordering: .relaxed)
    self.hard.store(hard, ordering: .relaxed)
    isAboveSoft.store(0, ordering: .relaxed)
  }

  /// Counts bytes. False, and nothing is counted, if the hard limit forbids them.
  func charge(_ bytes: UInt) -> Bool {
    var before = held.load(ordering: .relaxed)
    while true {
      let limit = hard.load(ordering: .relaxed)
      let (sum, overflow) = before.addingReportingOverflow(bytes)
      guard !overflow, limit == 0 || sum <= limit else { return false }
      let (isDone, now) = held.compareExchange(expected: before, desired: sum, ordering: .relaxed)
      if isDone { return true }
      before = now
    }
  }

  func uncharge(_ bytes: UInt) {
    let rest = held.wrappingSubtract(bytes, ordering: .relaxed).newValue
    if rest <= soft.load(ordering: .relaxed) { isAboveSoft.store(0, ordering: .relaxed) }
  }

  /// Notes that the bytes counted are held.
  func notePeak() { peak.max(held.load(ordering: .relaxed), ordering: .relaxed) }

  /// Whether the bytes have risen above the soft limit since they were last below. True for one caller only.
  func crossesSoft() -> Bool {
    let limit = soft.load(ordering: .relaxed)
    guard limit != 0, held.load(ordering: .relaxed) > limit else { return false }
    return isAboveSoft.compareExchange(expected: 0, desired: 1, ordering: .relaxed).exchanged
  }
}
