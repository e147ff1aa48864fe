import Foundation
import XCTest

@testable import SlabMalloc

/// The lock that knows its holder, across forks: what an inner fork finds, and who waits.
final class OwnedLockTests: XCTestCase {
  private let lock = UnsafeMutablePointer<OwnedLock>.allocate(capacity: 1)

  override func setUp() { lock.initialize(to: OwnedLock()) }
  override func tearDown() { lock.deallocate() }

  /// Runs the body in another thread, to its end.
  private func elsewhere(_ body: @escaping @Sendable () -> Void) {
    let done = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      body()
      done.signal()
    }
    done.wait()
  }

  func testTheHolderAloneHoldsIt() {
    nonisolated(unsafe) let lock = lock
    XCTAssertFalse(lock.pointee.isHeld)
    lock.pointee.acquire()
    XCTAssertTrue(lock.pointee.isHeld)
    XCTAssertFalse(lock.pointee.isKept)
    elsewhere { XCTAssertFalse(lock.pointee.isOwn) }
    lock.pointee.release()
    XCTAssertFalse(lock.pointee.isHeld)
  }

  func testTheForkerAcquiresALockThatIsKeptForIt() {
    nonisolated(unsafe) let lock = lock
    lock.pointee.keep()
    for _ in 0..<3 {
      XCTAssertTrue(lock.pointee.isKept)
      XCTAssertFalse(lock.pointee.isHeld)
      elsewhere { XCTAssertFalse(lock.pointee.isOwn) }
      lock.pointee.acquire()
      XCTAssertTrue(lock.pointee.isHeld)
      lock.pointee.release()
    }
    lock.pointee.giveBack()
    XCTAssertFalse(lock.pointee.isOwn)
    elsewhere {
      lock.pointee.acquire()
      lock.pointee.release()
    }
  }

  func testOthersWaitWhileItIsKept() {
    nonisolated(unsafe) let lock = lock
    nonisolated(unsafe) let count = UnsafeMutablePointer<Int>.allocate(capacity: 1)
    defer { count.deallocate() }
    count.initialize(to: 0)
    lock.pointee.keep()
    let done = DispatchSemaphore(value: 0)
    for _ in 0..<4 {
      Thread.detachNewThread {
        lock.pointee.acquire()
        count.pointee += 1
        lock.pointee.release()
        done.signal()
      }
    }
    // Whoever takes the lock meanwhile is counted.
    for _ in 0..<20 {
      Thread.sleep(forTimeInterval: 0.002)
      lock.pointee.acquire()
      XCTAssertEqual(count.pointee, 0)
      lock.pointee.release()
    }
    lock.pointee.giveBack()
    for _ in 0..<4 { XCTAssertEqual(done.wait(timeout: .now() + 120), .success) }
    XCTAssertEqual(count.pointee, 4)
  }

  func testAnInnerForkLeavesTheLockAsItWas() {
    lock.pointee.acquire()
    lock.pointee.keep()
    XCTAssertTrue(lock.pointee.isHeld)
    lock.pointee.giveBack()
    XCTAssertTrue(lock.pointee.isHeld)
    lock.pointee.release()
    lock.pointee.keep()
    lock.pointee.keep()
    lock.pointee.keep()
    lock.pointee.giveBack()
    lock.pointee.giveBack()
    XCTAssertTrue(lock.pointee.isKept)
    lock.pointee.giveBack()
    XCTAssertFalse(lock.pointee.isOwn)
  }

  func testAChildOpensALockWhoseHolderItDoesNotHave() {
    nonisolated(unsafe) let lock = lock
    elsewhere { lock.pointee.acquire() }
    XCTAssertFalse(lock.pointee.isOwn)
    lock.pointee.reset()
    lock.pointee.acquire()
    lock.pointee.release()
  }
}
