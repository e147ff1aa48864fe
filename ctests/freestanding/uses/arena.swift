// An arena: a buffer and a reset.
import SlabMalloc

@_cdecl("use") public func use(_ number: Int) -> Int {
  do throws(AllocationError) {
    var arena = try Arena(firstChunk: 256)
    var last = 0
    do {
      let buffer = try arena.buffer(repeating: number, count: 100)
      last = buffer[99]
    }
    arena.reset()
    return last
  } catch { return -1 }
}
