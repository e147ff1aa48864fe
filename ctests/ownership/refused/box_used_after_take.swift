// refused: 'box' used after consume
import SlabMalloc

func use() throws(AllocationError) -> Int {
  let box = try Box(1)
  let value = box.take()
  return value + box.value
}
