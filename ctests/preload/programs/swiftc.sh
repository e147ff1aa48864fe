# Swift: the compiler's object, byte for byte, and what the program prints.
# needs: swiftc
# programs: swiftc swift-frontend stars
cat >stars.swift <<'END'
struct Star: Hashable {
  var name: String
  var magnitude: Double
}

final class Catalogue {
  private var stars: [String: [Star]] = [:]
  func add(_ star: Star) { stars[String(star.name.prefix(2)), default: []].append(star) }
  func summary() -> [String] {
    stars.sorted { $0.key < $1.key }.map { key, stars in
      "\(key): \(stars.count), brightest \(stars.map(\.magnitude).min() ?? 0)"
    }
  }
}

@main struct Main {
  static func main() {
    let catalogue = Catalogue()
    var seed: UInt64 = 1
    for _ in 0..<50000 {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      catalogue.add(Star(name: String(seed >> 20, radix: 36), magnitude: Double(seed >> 44) / 1000))
    }
    let summary = catalogue.summary()
    print(summary.count, summary.first ?? "none", summary.last ?? "none", separator: "\n")
    print(summary.joined().utf8.reduce(UInt64(5381)) { $0 &* 33 &+ UInt64($1) })
  }
}
END
swiftc -O -parse-as-library -module-cache-path cache -c stars.swift -o stars.o
cksum stars.o
swiftc -O -parse-as-library -module-cache-path cache stars.swift -o stars
./stars
