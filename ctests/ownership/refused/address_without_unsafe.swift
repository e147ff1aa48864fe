// refused: expression uses unsafe constructs but is not marked with 'unsafe'
import SlabMalloc

func use() throws(AllocationError) -> Int {
  let box = try Box(1)
  return Int(bitPattern: box.address)
}
