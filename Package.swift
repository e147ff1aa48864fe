// swift-tools-version: 6.2
// The regular build: tests, and Swift programs that import SlabMalloc. The C library is built by the Makefile.
import PackageDescription

let package = Package(
  name: "slabmalloc",
  products: [.library(name: "SlabMalloc", targets: ["SlabMalloc"])],
  targets: [
    .target(name: "CSlabmalloc", path: "include", publicHeadersPath: "."),
    .target(name: "CSlabPort", path: "Sources/CSlabPort"),
    .target(
      name: "SlabMalloc", dependencies: ["CSlabmalloc", "CSlabPort"], path: "Sources/SlabMalloc",
      exclude: ["Freestanding", "Override/names.txt", "Override/operators.txt"],
      swiftSettings: [.treatAllWarnings(as: .error)]),
    .testTarget(
      name: "SlabMallocTests", dependencies: ["SlabMalloc", "CSlabmalloc", "CSlabPort"], path: "Tests/SlabMallocTests"),
  ]
)
