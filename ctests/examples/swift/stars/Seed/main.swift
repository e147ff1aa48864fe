// The two examples of rust-slabmalloc's README, in Swift: allocators that get their pages from the program.
import SlabMalloc

/// A page of the program's own: 4096 bytes, aligned to 4096.
func makePage() -> UnsafeMutableRawBufferPointer {
  UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 4096)
}

/// An allocator's own state, 64-aligned.
func makeStorage(_ size: Int) -> UnsafeMutableRawBufferPointer {
  UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)
}

// [zone
func zoneExample() throws(AllocationError) {
  let storage = makeStorage(ZoneAllocator.storageSize)
  let page = makePage()
  defer {
    page.deallocate()
    storage.deallocate()
  }

  let layout = Layout(size: 12, alignment: 4)
  let zone = try ZoneAllocator(storage: storage)  // no provider: pages are pushed

  try zone.refill(layout, page: page)
  let object = try zone.allocate(layout)  // throws .outOfMemory when a refill is needed
  try zone.deallocate(object, layout)

  guard zone.reclaimPage(.kib4) == page.baseAddress else { throw .noProvider }
}
// zone]

// [cache
func sizeClassExample() throws(AllocationError) {
  let storage = makeStorage(SizeClassAllocator.storageSize)
  let page = makePage()
  defer {
    page.deallocate()
    storage.deallocate()
  }

  let layout = Layout(size: 10, alignment: 8)
  let objects = try SizeClassAllocator(layout, storage: storage)

  try objects.refill(page: page)
  let object = try objects.allocate()
  try objects.deallocate(object, layout)

  guard objects.reclaimPage() == page.baseAddress else { throw .noProvider }
}
// cache]

do throws(AllocationError) {
  try zoneExample()
  try sizeClassExample()
  print("both examples work")
} catch {
  print("error \(error.code)")
}
