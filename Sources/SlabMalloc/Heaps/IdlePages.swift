/// Idle pages: pages of the system on which only available slots of a slab lie.
///
/// A slab keeps its run while one slot of it is out. After a peak that leaves a few objects in many slabs, most of a
/// process's memory is in such slabs. A heap therefore visits its partial slabs now and then, and purges their idle
/// pages. The slots stay available: the next object in them takes a new page from the system.
///
///     slots   | used |   available    | used |      available       |
///     pages   |       |       | idle  |       |       | idle  | idle  |
///
/// A visit purges where no slot became available or was opened for ten purge delays, and where half of the slots are
/// available, or more. Slabs that were visited are opened last from then on. What a visit may do is limited, and the
/// next one goes on where it ended. Each millisecond allows for some system calls more, which is about a hundredth of a
/// processor. A single idle page is not worth one. A purge on request has no limits. A hardened slab keeps its pages,
/// since it is checked what they contain.
///
/// Scudo purges in this way, by region (`releaseToOS`).
struct IdlePages {
  /// When the last visit was, in milliseconds, and when the next one is due.
  var last: UInt64 = 0
  var next: UInt64 = 0
  /// System calls that are allowed.
  var calls: UInt32 = 0
  /// The bin where the next visit starts.
  var bin: UInt8 = 0

  /// Slabs that one visit looks at, and the system calls that it makes.
  static let slabs = 1024
  static let calls = 2048
  static let callsEachMillisecond: UInt64 = 8
  /// Purge delays for which a slab must be as it is.
  static let delays: UInt64 = 10
  /// The least time between visits, in milliseconds.
  static let pause: UInt64 = 10
  /// The most: the purge delay may change.
  static let longest: UInt64 = 1000
  /// Pages of the system that are purged by one call, or more.
  static let leastPages: UInt = 2
}

/// What the last visit saw of a slab: `PageRun.tally`.
///
///     | time, in units of 16 milliseconds: 16 bits | available slots: 15 bits | purged: 1 bit |
struct IdleTally {
  var bits: UInt32

  /// The slab was opened since: a slab that is visited has available slots.
  static var unseen: Self { Self(bits: 0) }

  init(bits: UInt32) { self.bits = bits }

  init(_ available: UInt32, at time: UInt64, isPurged: Bool = false) {
    bits = UInt32(truncatingIfNeeded: time >> 4) << 16 | available << 1 | (isPurged ? 1 : 0)
  }

  /// Whether as many slots were available then.
  func saw(_ available: UInt32) -> Bool { bits & 0xFFFE == available << 1 }

  var isPurged: Bool { bits & 1 != 0 }

  /// Milliseconds from then on, of which it knows the 20 lowest bits: a longer delay never ends.
  func age(at time: UInt64) -> UInt64 { UInt64(UInt16(truncatingIfNeeded: time >> 4) &- UInt16(bits >> 16)) << 4 }
}

/// A visit to the partial slabs of a heap.
struct IdleVisit {
  let time: UInt64
  /// For how long a slab must be as it is. nil on request: every slab is purged.
  let delay: UInt64?
  let leastPages: UInt
  /// What is left of the limits.
  var slabs: Int
  var calls: Int

  /// One that purges all.
  static func onRequest(_ time: UInt64) -> Self {
    Self(time: time, delay: nil, leastPages: 1, slabs: Int.max, calls: Int.max)
  }

  var isAtLimit: Bool { slabs <= 0 || calls <= 0 }
}
