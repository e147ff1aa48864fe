import SlabMalloc
import XCTest

/// Memory of a test's own, which lives as long as this object: storage for an allocator, a page, or a region's buffer.
final class Memory {
  let bytes: UnsafeMutableRawBufferPointer

  init(_ count: Int, alignment: Int = 64) {
    bytes = .allocate(byteCount: count, alignment: alignment)
    // An allocator must not need memory that is cleared.
    bytes.initializeMemory(as: UInt8.self, repeating: 0xA5)
  }

  convenience init(page: PageSize) { self.init(page.bytes, alignment: page.bytes) }

  deinit { bytes.deallocate() }

  var start: UnsafeMutableRawPointer { bytes.baseAddress! }

  func holds(_ pointer: UnsafeMutableRawPointer) -> Bool { start <= pointer && pointer < start + bytes.count }
}

/// The body throws this error and no other.
func assertThrows<Result>(
  _ expected: AllocationError, file: StaticString = #filePath, line: UInt = #line,
  _ body: () throws -> Result
) {
  do {
    _ = try body()
    XCTFail("nothing was thrown", file: file, line: line)
  } catch {
    XCTAssertEqual(error as? AllocationError, expected, file: file, line: line)
  }
}

/// Counts its own ends.
final class Counted {
  nonisolated(unsafe) static var ended = 0
  let number: Int
  init(_ number: Int) { self.number = number }
  deinit { Self.ended += 1 }
}

/// A value that can't be copied, and also counts.
struct Unique: ~Copyable {
  let number: Int
  deinit { Counted.ended += 1 }
}
