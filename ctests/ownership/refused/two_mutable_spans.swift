// refused: overlapping accesses to 'buffer'
import SlabMalloc

func use() throws(AllocationError) {
  var buffer = try Buffer(repeating: 1, count: 3)
  var first = buffer.mutableSpan
  var second = buffer.mutableSpan
  second[0] = 1
  first[0] = 2
}
