// refused: lifetime-dependent variable 'box' escapes its scope
import SlabMalloc

func use() throws(AllocationError) -> Int {
  let box: Zone.Box<Int>
  do {
    let zone = try Zone(provider: .mmap)
    box = try zone.box(1)
  }
  return box.value
}
