import Foundation
import XCTest

@testable import SlabMalloc

/// Heaps of real threads. SLM_TEST_THREAD_STEPS says how many steps each thread takes.
final class HeapThreadTests: XCTestCase {
  private let steps = ProcessInfo.processInfo.environment["SLM_TEST_THREAD_STEPS"].flatMap { Int($0) } ?? 150_000

  private func run(
    _ threads: Int, stream: UInt64, delay: UInt32, retain: UInt, reserve: UInt, profile: Profile = .checked
  ) {
    let options = RunPool.Options(
      purgeDelay: delay, retain: retain, addressSpace: reserve, profile: profile)
    let stress = HeapThreads(threads: threads, steps: steps, options: options)
    if let text = stress.run(stream: stream) { XCTFail("\(text); \(SeededRandom.hint)") }
  }

  func testThreads() { run(4, stream: 370, delay: 100, retain: 64 << 20, reserve: 16 << 30) }

  /// Memory goes back again and again while others take it.
  func testThreadsThatPurge() { run(4, stream: 380, delay: 1, retain: 1 << 20, reserve: 16 << 30) }

  /// Most pointers are in a reserve that is found under the lock.
  func testThreadsInSmallReserves() { run(3, stream: 390, delay: 10, retain: 4 << 20, reserve: 0) }

  /// Runs are kept, opened, closed and purged by turns, without the lock.
  func testHardenedThreads() {
    for reserve: UInt in [16 << 30, 0] {
      run(3, stream: 395, delay: 1, retain: 1 << 20, reserve: reserve, profile: .hardened)
    }
  }
}
