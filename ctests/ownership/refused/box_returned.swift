// refused: cannot return a ~Escapable result
import SlabMalloc

func make() throws(AllocationError) -> Zone.Box<Int> {
  let zone = try Zone(provider: .mmap)
  return try zone.box(1)
}
