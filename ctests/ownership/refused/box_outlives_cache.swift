// refused: lifetime-dependent variable 'box' escapes its scope
import SlabMalloc

func use() throws(AllocationError) -> Int {
  let box: Cache<Int>.Box
  do {
    let cache = try Cache<Int>(provider: .mmap)
    box = try cache.box(1)
  }
  return box.value
}
