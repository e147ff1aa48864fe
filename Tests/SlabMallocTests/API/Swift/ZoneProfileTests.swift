import XCTest

@testable import SlabMalloc

/// The profiles as Swift's allocators have them.
final class ZoneProfileTests: XCTestCase {
  private func expect(_ expected: AllocationError, line: UInt = #line, _ body: () throws(AllocationError) -> Void) {
    do throws(AllocationError) {
      try body()
      XCTFail("no error", line: line)
    } catch {
      XCTAssertEqual(error, expected, line: line)
    }
  }

  private let layout = Layout(size: 56, alignment: 8)

  private func overflow(_ memory: UnsafeMutableRawPointer, _ usable: Int) {
    memory.storeBytes(of: ~memory.load(fromByteOffset: usable, as: UInt8.self), toByteOffset: usable, as: UInt8.self)
  }

  func testAHardenedZoneThrows() throws {
    let zone = try ZoneAllocator(provider: .mmap, profile: .hardened)
    let memory = try zone.allocate(layout)
    overflow(memory, zone.usableSize(memory))
    expect(.overflow) { () throws(AllocationError) in try zone.deallocate(memory, layout) }
    overflow(memory, zone.usableSize(memory))
    try zone.deallocate(memory, layout)
    memory.storeBytes(of: 1, as: UInt8.self)
    // Until it has left the quarantine; then more objects than its page holds.
    var found = 0
    for _ in 0..<500 {
      do throws(AllocationError) {
        try zone.deallocate(try zone.allocate(layout))
      } catch {
        XCTAssertEqual(error, .writeAfterFree)
        found += 1
      }
    }
    for _ in 0..<5000 {
      do throws(AllocationError) {
        _ = try zone.allocate(layout)
      } catch {
        XCTAssertEqual(error, .writeAfterFree)
        found += 1
      }
    }
    XCTAssertEqual(found, 1)
  }

  /// A value behind whose end something was written is not ended.
  func testAValueIsEndedOnlyIfItsMemoryIsIntact() throws {
    final class Witness {}
    let zone = try SafeZoneAllocator(provider: .mmap, profile: .hardened)
    var witness: Witness? = Witness()
    weak let lives = witness
    let value = try zone.allocate(witness!)
    witness = nil
    overflow(value, zone.usableSize(value))
    expect(.overflow) { () throws(AllocationError) in try zone.deallocate(value) }
    XCTAssertNotNil(lives)
    overflow(value, zone.usableSize(value))
    try zone.deallocate(value)
    XCTAssertNil(lives)
  }

  func testAHardenedSizeClassAllocatorThrows() throws {
    let allocator = try SizeClassAllocator(layout, provider: .mmap, profile: .hardened)
    XCTAssertEqual(allocator.slotSize, 64)
    let memory = try allocator.allocate()
    overflow(memory, 56)
    expect(.overflow) { () throws(AllocationError) in try allocator.deallocate(memory) }
    overflow(memory, 56)
    try allocator.deallocate(memory, layout)
    expect(.doubleFree) { () throws(AllocationError) in try allocator.deallocate(memory) }
  }

  func testAFastZoneIgnoresTheLayout() throws {
    let zone = try ZoneAllocator(provider: .mmap, profile: .fast)
    let other = Layout(size: 1000, alignment: 8)
    try zone.deallocate(try zone.allocate(layout), other)
    let checked = try ZoneAllocator(provider: .mmap)
    let memory = try checked.allocate(layout)
    expect(.layoutMismatch) { () throws(AllocationError) in try checked.deallocate(memory, other) }
    let objects = try SizeClassAllocator(layout, provider: .mmap, profile: .fast)
    try objects.deallocate(try objects.allocate(), other)
  }
}
