// swift-tools-version: 6.2
// An Embedded Swift package that depends on the typed containers. `swift build -c release` makes its objects; the
// program is linked with an archive of `make freestanding`.
import PackageDescription

let package = Package(
  name: "typed",
  products: [.library(name: "Typed", type: .static, targets: ["Typed"])],
  dependencies: [.package(name: "slabmalloc", path: "../../..")],
  targets: [
    .target(
      name: "Typed", dependencies: [.product(name: "SlabMallocEmbedded", package: "slabmalloc")],
      swiftSettings: [.enableExperimentalFeature("Embedded"), .treatAllWarnings(as: .error)])
  ]
)
