// refused: a ~Escapable result
import SlabMalloc

func make() throws(AllocationError) -> Zone.Pool<Int> {
  let zone = try Zone(provider: .mmap)
  return zone.pool(of: Int.self)
}
