// refused: 'box' consumed more than once
import SlabMalloc

func use() throws(AllocationError) -> Int {
  let box = try Box(1)
  let first = box
  let second = box
  return first.value + second.value
}
