// refused: overlapping accesses to 'buffer'
import SlabMalloc

func use() throws(AllocationError) -> Int {
  var buffer = try Buffer(repeating: 1, count: 3)
  let span = buffer.span
  try buffer.resize(to: 1000, repeating: 2)
  return span[0]
}
