import Foundation
import XCTest

@testable import SlabMalloc

/// What the heap profile stands on: its tables, and the arithmetic of samples.
final class SampleTests: XCTestCase {
  func testATableHasWhatADictionaryHas() {
    var (table, model): (SampleTable, [UInt: UInt]) = (SampleTable(), [:])
    defer { table.dispose() }
    var random = SeededRandom(stream: 1)
    for step in 0..<200_000 {
      // Few keys at first, so that rows of neighbours come and go.
      let key = UInt(1 + random.below(step < 100_000 ? 300 : 5000)) * 48
      if let value = model.removeValue(forKey: key) {
        XCTAssertEqual(table.find(key), value, SeededRandom.hint)
        XCTAssertEqual(table.remove(key), value, SeededRandom.hint)
      } else {
        XCTAssertNil(table.remove(key), SeededRandom.hint)
        XCTAssertTrue(table.insert(key, UInt(step)))
        model[key] = UInt(step)
      }
    }
    XCTAssertEqual(table.count, UInt(model.count))
    for (key, value) in model { XCTAssertEqual(table.find(key), value, SeededRandom.hint) }
  }

  func testAnEmptyTableHasNothing() {
    var table = SampleTable()
    XCTAssertNil(table.find(16))
    XCTAssertNil(table.remove(16))
  }

  func testSeriesAreThoseOfTheMathematicalLibrary() {
    for shift: UInt in 0...40 {
      for bytes: UInt in [16, 17, 1000, 4096, 1 << 20, 1 << 36] {
        let rate = UInt(1) << shift
        let scale = 1 / -expm1(-Double(bytes) / Double(rate))
        XCTAssertEqual(SampleMath.scale(bytes, rate: rate), scale, accuracy: scale * 1e-9, "\(bytes) at \(rate)")
      }
    }
    for random: UInt64 in [0, 1, 1 << 11, 1 << 40, 1 << 63, UInt64.max - 1, UInt64.max] {
      let uniform = Double((random >> 11) + 1) / 0x1p53
      let gap = Double(SampleMath.gap(random, rate: 1 << 30))
      XCTAssertEqual(gap, -log(uniform) * 0x1p30, accuracy: 1 + -log(uniform), "\(random)")
    }
  }

  func testGapsAreExponential() {
    var random = SeededRandom(stream: 2)
    let (count, rate) = (200_000, 1000.0)
    let gaps = (0..<count).map { _ in Double(SampleMath.gap(random.next(), rate: UInt(rate))) }
    // Ten standard deviations: mean and deviation are the rate.
    XCTAssertEqual(gaps.reduce(0, +) / Double(count), rate, accuracy: 10 * rate / Double(count).squareRoot())
    for limit in [100.0, 1000, 3000] {
      let share = Double(gaps.count { $0 < limit }) / Double(count)
      XCTAssertEqual(share, 1 - exp(-limit / rate), accuracy: 10 * 0.5 / Double(count).squareRoot())
    }
  }

  func testTheLongestGapAndTheMostObjectsAreNumbers() {
    XCTAssertEqual(SampleMath.gap(0, rate: 1 << 60), Int.max / 2)
    XCTAssertEqual(SampleMath.gap(UInt64.max, rate: 1 << 40), 0)
    XCTAssertEqual(SampleMath.objects(UInt.max, 16, rate: 1 << 40), UInt.max / 2)
    XCTAssertEqual(SampleMath.objects(1000, 1 << 20, rate: 16), 1000)
  }

  func testAMessageHasTheBytesOfItsSpecification() {
    var bytes: [UInt8] = []
    withUnsafeMutablePointer(to: &bytes) { place in
      var writer = SampleWriter(
        { context, text, length in
          let bytes = context!.assumingMemoryBound(to: [UInt8].self)
          for index in 0..<length { bytes.pointee.append(UInt8(bitPattern: text[index])) }
        }, UnsafeMutableRawPointer(place))
      var message = ProtoMessage()
      // The examples of the encoding's own documentation.
      message.add(1, 150)
      message.pack(4, 3) { [3, 270, 86942][$0] }
      writer.add(3, message)
      writer.add(2, "testing")
      writer.flush()
    }
    XCTAssertEqual(
      bytes,
      [0x1A, 11, 0x08, 0x96, 0x01, 0x22, 0x06, 0x03, 0x8E, 0x02, 0x9E, 0xA7, 0x05, 0x12, 0x07] + Array("testing".utf8))
  }
}
