@testable import SlabMalloc

extension PageSize {
  static let base: [PageSize] = [.kib4, .kib16, .kib64]
  static let all: [PageSize] = base + [.large]
}
