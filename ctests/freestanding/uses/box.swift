// A box that is made, changed and dropped.
import SlabMalloc

@_cdecl("use") public func use(_ number: Int) -> Int {
  do throws(AllocationError) {
    var box = try Box(number)
    box.value += 1
    return box.value
  } catch { return -1 }
}
