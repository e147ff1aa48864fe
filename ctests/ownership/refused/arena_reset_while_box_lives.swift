// refused: overlapping accesses to 'arena'
import SlabMalloc

func use() throws(AllocationError) -> Int {
  var arena = try Arena()
  let box = try arena.box(1)
  arena.reset()
  return box.value
}
