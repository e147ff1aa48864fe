// refused: cannot return a ~Escapable result
import SlabMalloc

func make() throws(AllocationError) -> Span<Int> {
  let buffer = try Buffer(repeating: 1, count: 3)
  return buffer.span
}
