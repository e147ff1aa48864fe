// refused: expression uses unsafe constructs but is not marked with 'unsafe'
import SlabMalloc

func use() throws(AllocationError) {
  let zone = try Zone(provider: .mmap)
  _ = try zone.allocate(Layout(size: 8, alignment: 8))
}
