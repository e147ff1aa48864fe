// Swift without a run-time library (Embedded Swift), or without SwiftPM, uses the C library.
import CSlabmalloc

struct Star {
  var name: StaticString
  var distance: Int
}

do {
  // The storage must stay where it is, so it is allocated and not a Swift variable.
  let size = slm_zone_storage_size(nil)
  let storage = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
  defer { storage.deallocate() }
  var options = slm_options()
  options.struct_size = UInt32(MemoryLayout<slm_options>.size)
  options.provider = slm_mmap_provider()
  guard let zone = slm_zone_init(storage, size, &options, nil) else { fatalError("no zone") }

  let layout = MemoryLayout<Star>.self
  guard let slot = slm_zone_allocate_aligned(zone, layout.alignment, layout.size) else { fatalError("out of memory") }
  let star = slot.bindMemory(to: Star.self, capacity: 1)
  star.initialize(to: Star(name: "Sirius", distance: 9))
  print("\(star.pointee.name) is \(star.pointee.distance) light years away")

  precondition(slm_zone_deallocate_aligned_sized(zone, star, layout.alignment, layout.size) == SLM_OK)
  precondition(slm_zone_deallocate(zone, star) == SLM_ERR_DOUBLE_FREE)
  precondition(slm_zone_destroy(zone, nil) == SLM_OK)
}
