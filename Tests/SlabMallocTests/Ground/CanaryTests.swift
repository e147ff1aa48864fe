import XCTest

@testable import SlabMalloc

final class CanaryTests: XCTestCase {
  func testACanaryNeverStartsWithZero() {
    var seeds = SeededRandom(stream: 41)
    var random = SplitMix(state: seeds.next())
    for _ in 0..<1000 {
      let secret = Canary.secret(&random)
      for address in stride(from: 0 as UInt, to: 256, by: Int(Canary.size)) {
        let canary = Canary.word(secret, at: address)
        XCTAssertNotEqual(withUnsafeBytes(of: canary) { $0[0] }, 0, SeededRandom.hint)
      }
    }
  }

  func testTwoPlacesAndTwoSecretsHaveDifferentCanaries() {
    var random = SplitMix(state: 1)
    let (first, second) = (Canary.secret(&random), Canary.secret(&random))
    XCTAssertNotEqual(Canary.word(first, at: 64), Canary.word(first, at: 128))
    XCTAssertNotEqual(Canary.word(first, at: 64), Canary.word(second, at: 64))
  }

  /// The published numbers for a seed, of which the generator's author has the code.
  func testSplitMixIsTheOneThatIsPublished() {
    var random = SplitMix(state: 1_234_567)
    let expected: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
      16_408_922_859_458_223_821,
    ]
    XCTAssertEqual(expected.map { _ in random.next() }, expected)
  }
}
