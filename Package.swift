// swift-tools-version: 6.2
// The regular build: tests, and Swift programs that import SlabMalloc. The C library is built by the Makefile.
import PackageDescription

let package = Package(
  name: "slabmalloc",
  products: [
    .library(name: "SlabMalloc", targets: ["SlabMalloc"]),
    // The typed containers for Embedded Swift, on an archive of `make freestanding`.
    .library(name: "SlabMallocEmbedded", type: .static, targets: ["SlabMallocEmbedded"]),
  ],
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
        // For containers that borrow their zone. A program that uses them needs no feature.
        .enableExperimentalFeature("Lifetimes"),
      ]),
    // The same files as in SlabMalloc, by links. Embedded Swift needs the whole module at once, as in release builds.
    .target(
      name: "SlabMallocEmbedded", dependencies: ["CSlabmalloc"], path: "Sources/SlabMallocEmbedded",
      exclude: ["Typed/Hosted"],
      swiftSettings: [
        .treatAllWarnings(as: .error), .enableExperimentalFeature("Lifetimes"),
        .enableExperimentalFeature("Embedded", .when(configuration: .release)),
      ]),
    .testTarget(
      name: "SlabMallocTests", dependencies: ["SlabMalloc", "CSlabmalloc", "CSlabPort"], path: "Tests/SlabMallocTests"),
  ]
)
