// refused: 'zone' used after consume
import SlabMalloc

func end(_ zone: consuming Zone) {}

func use() throws(AllocationError) -> Int {
  let zone = try Zone(provider: .mmap)
  let box = try zone.box(1)
  end(zone)
  return box.value
}
