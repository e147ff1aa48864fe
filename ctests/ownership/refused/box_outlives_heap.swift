// refused: lifetime-dependent variable 'box' escapes its scope
import SlabMalloc

func use() throws(AllocationError) -> Int {
  let box: Heap.Box<Int>
  do {
    let heap = try Heap()
    box = try heap.box(1)
  }
  return box.value
}
