// refused: is not concurrency-safe because non-'Sendable' type
import SlabMalloc

let zone = try! Zone(provider: .mmap)
