import XCTest

@testable import SlabMalloc

final class CanaryTests: XCTestCase {
  func testACanaryStartsWithZero() {
    var random = SplitMix(state: 41)
    for slab: UInt in 0..<1000 {
      let key = Canary.key(Canary.secret(&random), of: slab)
      for address in stride(from: 0 as UInt, to: 512, by: Int(Canary.size)) {
        XCTAssertTrue(withUnsafeBytes(of: Canary.word(key, at: address)) { $0[0] == 0 })
      }
    }
  }

  /// Nor can one be computed from another in a way that all slabs share: the difference is not that of the slabs.
  func testSlabsAndSecretsHaveDifferentKeys() {
    var random = SplitMix(state: 1)
    let secrets = [Canary.secret(&random), Canary.secret(&random)]
    let slabs = stride(from: 0x7F00_0000_0000 as UInt, to: 0x7F00_1000_0000, by: 65536)
    var keys: Set<UInt> = []
    var differences: Set<UInt> = []
    for secret in secrets {
      for slab in slabs {
        let key = Canary.key(secret, of: slab)
        keys.insert(Canary.word(key, at: slab + 72))
        differences.insert(key ^ slab)
      }
    }
    XCTAssertEqual(keys.count, 2 * 4096)
    XCTAssertEqual(differences.count, 2 * 4096)
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
