import Foundation

@testable import SlabMalloc

/// Random numbers that a seed decides. The seed comes from SLM_TEST_SEED; without it each run has another.
struct SeededRandom: RandomNumberGenerator {
  static let seed: UInt64 =
    ProcessInfo.processInfo.environment["SLM_TEST_SEED"].flatMap { UInt64($0) }
    ?? UInt64.random(in: 0...UInt64(UInt32.max))

  /// For the message of a failure: what to set to see it again.
  static var hint: String { "SLM_TEST_SEED=\(seed)" }

  private var numbers: SplitMix

  /// `stream` tells apart the sequences that one run needs.
  init(stream: UInt64 = 0) {
    numbers = SplitMix(state: Self.seed &+ stream &* 0x1234_5678_9ABC_DEF1)
  }

  mutating func next() -> UInt64 { numbers.next() }

  /// Below `limit`, which is not 0. Cheap also in a debug build, unlike `Int.random`.
  mutating func below(_ limit: Int) -> Int {
    Int(truncatingIfNeeded: (next() &>> 33) % UInt64(limit))
  }
}
