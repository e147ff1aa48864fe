// refused: a ~Escapable result
import SlabMalloc

func make() throws(AllocationError) -> Zone.Arena {
  let zone = try Zone(provider: .mmap)
  return try zone.arena()
}
