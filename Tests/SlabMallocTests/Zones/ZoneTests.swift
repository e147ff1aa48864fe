import CSlabmalloc
import XCTest

@testable import SlabMalloc

/// Where things are in a zone, held against the compiler.
final class ZoneTests: XCTestCase {
  private func address<Value: ~Copyable>(_ pointer: UnsafeMutablePointer<Value>) -> UInt { UInt(bitPattern: pointer) }

  /// The fast paths read the head before they know what lies behind it.
  func testAZoneStartsWithItsHead() {
    XCTAssertEqual(MemoryLayout<ZoneState>.alignment, MemoryLayout<ZoneHead>.alignment)
    let test = TestZone(page: .kib4)
    let zone = test.zone
    let head = withUnsafeMutablePointer(to: &zone.pointee.head) { address($0) }
    let view = withUnsafeMutablePointer(to: &zone.pointee.head.directory) { address($0) }
    XCTAssertEqual(head, address(zone))
    XCTAssertEqual(address(zone.view), view)
    XCTAssertEqual(zone.pointee.head.face, .none)
  }

  func testThePartsBehindTheBinsDoNotOverlap() {
    for bins in [1, SizeClass.count] {
      let binsEnd = ZoneState.binsOffset + Int(bins) * Bin.stride
      let tableEnd = bins == 1 ? binsEnd : binsEnd + ZoneState.directBinCount * 2
      let directory = ZoneState.directoryOffset(bins: bins)
      XCTAssertGreaterThanOrEqual(directory, tableEnd)
      XCTAssertGreaterThanOrEqual(
        ZoneState.hardeningOffset(bins: bins), directory + PageDirectory.storageSize(bins: bins))
      XCTAssertEqual((directory + PageDirectory.firstLeafOffset) % 64, 0, "leaves start at cache lines")
      XCTAssertEqual((directory + PageDirectory.rootOffset(rootBits: PageDirectory.rootBits(bins: bins))) % 64, 0)
      XCTAssertEqual(ZoneState.hardeningOffset(bins: bins) % 8, 0)
    }
  }

  func testBinsFollowTheZoneAndDoNotOverlap() {
    let test = TestZone(page: .kib4)
    XCTAssertLessThanOrEqual(MemoryLayout<ZoneState>.size, ZoneState.binsOffset)
    XCTAssertLessThanOrEqual(MemoryLayout<Bin>.size, Bin.stride)
    XCTAssertEqual(
      ZoneState.binsOffset % (4 * MemoryLayout<UInt>.size), 0, "what an allocation reads of a bin is in one cache line")
    for index in 0..<SizeClass.count {
      let bin = address(test.zone.bin(index))
      XCTAssertEqual(bin, address(test.zone) + UInt(ZoneState.binsOffset) + index * UInt(Bin.stride))
      let end = address(test.zone) + UInt(ZonePointer.storageSize(bins: SizeClass.count))
      XCTAssertLessThanOrEqual(bin + UInt(MemoryLayout<Bin>.size), end)
    }
  }

  func testTheTableLeadsEachSizeToItsBin() {
    let test = TestZone(page: .kib4)
    for size in 1...SizeClass.directLimit {
      XCTAssertEqual(test.zone.directBin(size), test.zone.bin(SizeClass.index(size: size)!), "size \(size)")
    }
    XCTAssertEqual(test.zone.pointee.head.directLimit, SizeClass.directLimit)
  }

  /// The constant that the header gives is the largest size, and the macros say what the core says.
  func testLimitsAreThoseOfTheHeader() {
    XCTAssertEqual(Int(maxSize), 131_072)
    let test = TestZone(page: .kib4)
    XCTAssertNotNil(test.allocate(131_072))
    XCTAssertNotNil(test.allocate(131_073), "a large page")
    XCTAssertNotNil(test.allocate(2 << 20))
    XCTAssertNil(test.allocate(2 << 20 + 1))
    test.destroyAndCheck(live: 3)
  }

  /// Zero-filled memory is a zone that is not initialised: nothing works and nothing crashes.
  func testZeroFilledMemoryIsNoZone() {
    let bytes = ZonePointer.storageSize(bins: SizeClass.count)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    defer { memory.deallocate() }
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    checkIsNoZone(memory.assumingMemoryBound(to: ZoneState.self))
    for index in 0..<bytes { XCTAssertEqual(memory.load(fromByteOffset: index, as: UInt8.self), 0, "byte \(index)") }
  }

  func testADestroyedZoneIsNoZone() {
    let test = TestZone(page: .kib4)
    let address = test.allocate(100)!
    test.destroyAndCheck(live: 1)
    checkIsNoZone(test.zone)
    XCTAssertEqual(test.zone.deallocate(address), Status.notInitialized)
  }

  private func checkIsNoZone(_ zone: ZonePointer) {
    let notInitialized = Status.notInitialized
    var status = Status.ok
    var live: UInt = 0
    for size: UInt in [0, 1, 64, 2000, 70_000, 200_000] { XCTAssertNil(zone.allocate(size)) }
    XCTAssertNil(zone.allocate(size: 8, alignment: 8, status: &status))
    XCTAssertEqual(status, notInitialized)
    for address: UInt in [0, 1, 8, 4096, UInt.max] {
      XCTAssertEqual(zone.deallocate(address), notInitialized, "\(address)")
      XCTAssertEqual(zone.deallocate(address, size: 8), notInitialized, "\(address)")
      XCTAssertEqual(zone.deallocate(address, size: 8, alignment: 8), notInitialized, "\(address)")
      XCTAssertFalse(zone.owns(address))
      XCTAssertEqual(zone.usableSize(address), 0)
    }
    XCTAssertEqual(zone.refill(size: 8, alignment: 8, page: 4096, pageSize: 4096), notInitialized)
    XCTAssertEqual(zone.destroy(live: &live), notInitialized)
    XCTAssertNil(zone.takeEmptyPage(.kib4))
  }
}
