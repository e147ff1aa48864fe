import Dispatch
import XCTest

@testable import SlabMalloc

/// What a zone counts for its limits.
final class PolicyTests: XCTestCase {
  private func withPolicy(isShared: Bool, soft: UInt = 0, hard: UInt = 0, _ body: (PolicyPointer) -> Void) {
    let policy = PolicyPointer.allocate(capacity: 1)
    defer { policy.deallocate() }
    policy.initialize(to: Policy(isShared: isShared, softLimit: soft, hardLimit: hard))
    body(policy)
  }

  func testWhatIsChargedIsHeldUntilItIsUncharged() {
    for isShared in [false, true] {
      withPolicy(isShared: isShared, hard: 100) { policy in
        XCTAssertTrue(policy.charge(60))
        XCTAssertFalse(policy.charge(41))
        XCTAssertFalse(policy.charge(.max))
        XCTAssertTrue(policy.charge(40))
        XCTAssertEqual(policy.peak, 0, "nothing has come yet")
        policy.notePeak()
        policy.uncharge(70)
        XCTAssertEqual([policy.held, policy.peak], [30, 100])
        policy.uncharge(31)
        XCTAssertEqual(policy.held, 0)
        policy.setLimits(soft: 0, hard: 0)
        XCTAssertTrue(policy.charge(.max))
        XCTAssertFalse(policy.charge(1), "more than there are addresses")
      }
    }
  }

  func testACrossingIsSeenOnce() {
    for isShared in [false, true] {
      withPolicy(isShared: isShared, soft: 50) { policy in
        XCTAssertTrue(policy.charge(50))
        XCTAssertFalse(policy.crossesSoftLimit())
        XCTAssertTrue(policy.charge(1))
        XCTAssertTrue(policy.crossesSoftLimit())
        XCTAssertFalse(policy.crossesSoftLimit())
        policy.uncharge(1)
        XCTAssertTrue(policy.charge(1))
        XCTAssertTrue(policy.crossesSoftLimit())
        policy.setLimits(soft: 20, hard: 0)
        XCTAssertTrue(policy.crossesSoftLimit())
      }
    }
  }

  func testThreadsCountTogether() {
    withPolicy(isShared: true, hard: 3) { policy in
      nonisolated(unsafe) let policy = policy
      onThreads(4) { _ in
        for _ in 0..<300_000 where policy.charge(1) {
          policy.notePeak()
          policy.uncharge(1)
        }
      }
      XCTAssertEqual(policy.held, 0)
      XCTAssertLessThanOrEqual(policy.peak, 3)
    }
  }
}
