// A Swift program with classes, arrays and strings of its own beside a zone: two Swift worlds in one process.
import CSlabmalloc

final class Zone {
  let storage = UnsafeMutableRawPointer.allocate(byteCount: slm_zone_storage_size(nil), alignment: 64)
  let zone: OpaquePointer

  init() {
    var options = slm_options()
    options.struct_size = UInt32(MemoryLayout<slm_options>.size)
    options.provider = slm_mmap_provider()
    zone = slm_zone_init(storage, slm_zone_storage_size(nil), &options, nil)!
  }

  deinit {
    precondition(slm_zone_destroy(zone, nil) == SLM_OK)
    storage.deallocate()
  }
}

let zone = Zone()
let objects = (1...1000).map { slm_zone_allocate(zone.zone, $0)! }
precondition(Set(objects).count == objects.count)
for object in objects { precondition(slm_zone_deallocate(zone.zone, object) == SLM_OK) }
precondition(slm_zone_deallocate(zone.zone, objects[0]) == SLM_ERR_DOUBLE_FREE)
print("from a zone: \(objects.count) objects, \(String(cString: slm_status_name(SLM_OK)))")
