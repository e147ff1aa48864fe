// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "stars",
  dependencies: [.package(name: "slabmalloc", path: "../../../..")],
  targets: [
    .executableTarget(
      name: "stars", dependencies: [.product(name: "SlabMalloc", package: "slabmalloc")], path: "Sources",
      swiftSettings: [.treatAllWarnings(as: .error)]),
    .executableTarget(
      name: "seed", dependencies: [.product(name: "SlabMalloc", package: "slabmalloc")], path: "Seed",
      swiftSettings: [.treatAllWarnings(as: .error)]),
    .executableTarget(
      name: "types", dependencies: [.product(name: "SlabMalloc", package: "slabmalloc")], path: "Types",
      swiftSettings: [.treatAllWarnings(as: .error)]),
  ]
)
