// swift-tools-version: 6.2
// The regular build: tests, and Swift programs that import SlabMalloc. The C library is built by the Makefile.
import PackageDescription

let package = Package(
  name: "slabmalloc",
  products: [.library(name: "SlabMalloc", targets: ["SlabMalloc"])],
  targets: [
    .target(name: "CSlabmalloc", path: "include", publicHeadersPath: "."),
    // A Swift program takes pthread_atfork from the C library that it is linked with.
    .target(
      name: "CSlabPort", dependencies: ["CSlabmalloc"], path: "Sources/CSlabPort", exclude: ["SharedForks.c"]),
    .target(
      name: "SlabMalloc", dependencies: ["CSlabmalloc", "CSlabPort"], path: "Sources/SlabMalloc",
      exclude: ["API/SwiftRuntime", "API/Libc/names.txt", "API/Libc/operators.txt", "API/Libc/exits.txt"],
      swiftSettings: [
        .define("SLM_HOSTED"), .define("SLM_ASSERT", .when(configuration: .debug)), .treatAllWarnings(as: .error),
      ]),
    .testTarget(
      name: "SlabMallocTests", dependencies: ["SlabMalloc", "CSlabmalloc", "CSlabPort"], path: "Tests/SlabMallocTests"),
  ]
)
