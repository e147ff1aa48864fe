// refused: overlapping accesses to 'pool'
import SlabMalloc

func use() throws(AllocationError) {
  var pool = Pool<Int>()
  try pool.insert(1)
  pool.forEach { handle, _ in _ = try? pool.remove(handle) }
}
