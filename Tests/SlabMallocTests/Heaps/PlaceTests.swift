import CSlabPort
import XCTest

/// Where the first segment of a process comes to lie: the real system's calls.
final class PlaceTests: XCTestCase {
  private let cell: UInt = 512 << 30
  private let bytes = 256 << 30
  private let head = 4096

  private func place() -> UInt { UInt(bitPattern: slm_port_place(bytes, head)) }

  private func pointer(_ address: UInt) -> UnsafeMutableRawPointer { UnsafeMutableRawPointer(bitPattern: address)! }

  /// Two copies of the library have two places, both far from each other and from what the kernel maps.
  func testPlacesAreApart() {
    let places = (0..<3).map { _ in place() }
    XCTAssertFalse(places.contains(0))
    XCTAssertEqual(Set(places.map { $0 / cell }).count, 3)
    let latest = UInt(bitPattern: slm_port_reserve(4096))
    for place in places {
      XCTAssertEqual(place % (2 << 20), 0)
      XCTAssertEqual((place + UInt(bytes)) / cell, place / cell, "all of it lies in the cell")
      XCTAssertGreaterThan(max(latest, place) - min(latest, place), UInt(bytes))
      // The head is usable, and nothing else is mapped.
      pointer(place).storeBytes(of: 1, as: UInt8.self)
      XCTAssertEqual(slm_port_map_at(pointer(place + 4096), 1 << 30, 0), 0)
      XCTAssertEqual(slm_port_map_at(pointer(place + 1 << 30), 1 << 20, 0), 1, "taken now")
      slm_port_unmap(pointer(place), 4096 + 1 << 30)
      slm_port_unmap(pointer(place / cell * cell), 4096)
    }
    slm_port_unmap(pointer(latest), 4096)
  }

  func testWhatIsMappedAtAPlaceIsUsableOrNot() {
    let start = place()
    let next = pointer(start + 4096)
    XCTAssertEqual(slm_port_map_at(next, 1 << 20, 1), 0)
    next.storeBytes(of: 1, toByteOffset: 1 << 20 - 1, as: UInt8.self)
    XCTAssertEqual(slm_port_map_at(next, 1 << 20, 1), 1)
    XCTAssertEqual(next.load(fromByteOffset: 1 << 20 - 1, as: UInt8.self), 1, "what lies there stays")
    // A multiple of no page is refused.
    XCTAssertEqual(slm_port_map_at(pointer(start + 4097), 4096, 1), -1)
    slm_port_unmap(pointer(start), 4096 + 1 << 20)
    slm_port_unmap(pointer(start / cell * cell), 4096)
  }

  func testThereIsNoPlaceForTooMuch() {
    XCTAssertNil(slm_port_place(1 << 47, head))
    XCTAssertNil(slm_port_place(Int.max, head))
  }
}
