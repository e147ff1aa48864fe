// A pool: an insertion, an access and a removal.
import SlabMalloc

@_cdecl("use") public func use(_ number: Int) -> Int {
  do throws(AllocationError) {
    var pool = Pool<Int>()
    let handle = try pool.insert(number)
    pool[handle] &+= 1
    return try pool.remove(handle)
  } catch { return -1 }
}
