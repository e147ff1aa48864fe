// refused: lifetime-dependent variable 'span' escapes its scope
import SlabMalloc

func use() throws(AllocationError) -> Int {
  var span = Span<Int>()
  do {
    let buffer = try Buffer(repeating: 1, count: 3)
    span = buffer.span
  }
  return span.count
}
