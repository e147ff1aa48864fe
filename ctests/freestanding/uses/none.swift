// What each of the other files is compared with: the heap of Swift objects, and no container.
import CSlabmalloc.Port

@_cdecl("use") public func use(_ number: Int) -> Int {
  var memory: UnsafeMutableRawPointer?
  guard slm_swift_heap_allocate(8, 8, &memory) == SLM_OK else { return -1 }
  slm_swift_heap_free(memory)
  return number
}
