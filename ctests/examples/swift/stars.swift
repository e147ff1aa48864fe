import CSlabmalloc

struct Star {
  var magnitude: Double
  var name: StaticString
}

// The storage must stay where it is, so it is allocated and not a Swift variable.
let size = slm_zone_storage_size()
let storage = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
defer { storage.deallocate() }
var options = slm_options()
options.struct_size = UInt32(MemoryLayout<slm_options>.size)
options.provider = slm_mmap_provider()
guard let zone = slm_zone_init(storage, size, &options) else { fatalError("no zone") }

let layout = MemoryLayout<Star>.self
guard let slot = slm_zone_allocate_aligned(zone, layout.alignment, layout.size) else { fatalError("out of memory") }
let star = slot.bindMemory(to: Star.self, capacity: 1)
star.initialize(to: Star(magnitude: -1.46, name: "Sirius"))
print("\(star.pointee.name) has magnitude \(star.pointee.magnitude)")

star.deinitialize(count: 1)
precondition(slm_zone_deallocate_aligned_sized(zone, star, layout.alignment, layout.size) == SLM_OK)
precondition(slm_zone_destroy(zone, nil) == SLM_OK)
