// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "bench",
  dependencies: [.package(name: "slabmalloc", path: "../../..")],
  targets: [
    .executableTarget(name: "Bench", dependencies: [.product(name: "SlabMalloc", package: "slabmalloc")]),
    // An ordinary Swift program, which knows nothing of the library: that comes by LD_PRELOAD.
    .executableTarget(name: "Server"),
    .executableTarget(name: "Pairs", dependencies: [.product(name: "SlabMalloc", package: "slabmalloc")]),
  ]
)
