// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "bench",
  dependencies: [.package(name: "slabmalloc", path: "../../..")],
  targets: [
    .executableTarget(name: "Bench", dependencies: [.product(name: "SlabMalloc", package: "slabmalloc")]),
    .executableTarget(name: "Pairs", dependencies: [.product(name: "SlabMalloc", package: "slabmalloc")]),
  ]
)
