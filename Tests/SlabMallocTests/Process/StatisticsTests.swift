import CSlabPort
import XCTest

@testable import SlabMalloc

/// The statistics of the process: their memory, their numbers, and rows that close.
final class StatisticsTests: XCTestCase {
  func testTheStateFitsIntoTheMemoryOfThePort() {
    XCTAssertLessThanOrEqual(MemoryLayout<Statistics>.size, Int(SLM_PORT_STATISTICS_BYTES))
  }

  private func text(_ body: (inout TableLine) -> Void) -> String {
    var line = TableLine("")
    body(&line)
    var result = ""
    line.pass { start, count in
      result = String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
    }
    return result
  }

  func testNumbersAreAlignedAndComplete() {
    XCTAssertEqual(text { $0.add(UInt(0), width: 0) }, "0")
    XCTAssertEqual(text { $0.add(UInt(42), width: 5) }, "   42")
    XCTAssertEqual(text { $0.add(UInt(42), width: 2) }, " 42", "numbers of neighbouring columns stay apart")
    XCTAssertEqual(text { $0.add(UInt.max, width: 0) }, "18446744073709551615")
    XCTAssertEqual(text { $0.add(UInt.max, width: 22) }, "  18446744073709551615")
    for number in [UInt(9), 10, 99, 100, 12_345_678_901, 1 << 63] {
      XCTAssertEqual(text { $0.add(number, width: 0) }, "\(number)")
    }
  }

  func testChangesHaveTheirSign() {
    XCTAssertEqual(text { $0.add(change: 5, from: 3, width: 6) }, "    +2")
    XCTAssertEqual(text { $0.add(change: 3, from: 5, width: 6) }, "    -2")
    XCTAssertEqual(text { $0.add(change: 3, from: 3, width: 4) }, "  +0")
    XCTAssertEqual(text { $0.add(change: 0, from: UInt.max, width: 0) }, "-18446744073709551615")
    XCTAssertEqual(text { $0.add(change: 7, from: 3, width: 0) }, "4", "JSON knows no plus sign")
  }

  func testWhatDoesNotFitIntoALineIsLeftOut() {
    let line = text { for _ in 0..<100 { $0.add(UInt(123), width: 4) } }
    XCTAssertEqual(line, String(repeating: " 123", count: 48))
    XCTAssertEqual(text { for _ in 0..<100 { $0.add("0123456789") } }.count, 192)
  }

  func testPercentagesOfAllNumbers() {
    XCTAssertEqual(TableLine.percent(1, of: 0), 0)
    XCTAssertEqual(TableLine.percent(2, of: 3), 66)
    XCTAssertEqual(TableLine.percent(UInt.max, of: UInt.max), 100)
    XCTAssertEqual(TableLine.percent(UInt.max / 4, of: UInt.max), 25)
  }

  func testASlabWithoutLiveObjectsIsDirty() {
    var row = ReportRow(.sizeClass)
    row.addSlab(slots: 10, live: 0, slotSize: 100, bytes: 4096, metadataInside: 96, metadataOutside: 64)
    XCTAssertEqual(row.dirtyBytes, 4000)
    XCTAssertEqual(row.emptySlabs, 1)
    row.addSlab(slots: 10, live: 3, slotSize: 100, bytes: 4096, metadataInside: 96, metadataOutside: 64)
    XCTAssertEqual(row.freeBytes, 3700)
    XCTAssertEqual(row.metadataBytes, 320)
    XCTAssertEqual(row.heldBytes, row.liveBytes + row.freeBytes + row.metadataBytes + row.dirtyBytes + row.cleanBytes)
  }
}
