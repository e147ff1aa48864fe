// refused: stored property 'zone' of 'Sendable'-conforming struct 'Shared' has non-Sendable type
import SlabMalloc

struct Shared: ~Copyable, Sendable {
  let zone: Zone
}
