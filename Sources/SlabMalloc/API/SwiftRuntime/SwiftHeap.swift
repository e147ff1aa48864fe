import CSlabPort
import CSlabmalloc

/// The heap of Embedded Swift: a zone of the kernel's, under the names that Swift's run-time functions call.
///
/// The zone decides who may use the heap. A zone for one thread serves a kernel with one CPU whose handlers use no
/// Swift objects. Other kernels start the heap with a zone that has its own locks. Zero-filled memory is a heap that
/// was not started.
struct SwiftHeap: ~Copyable {
  private var zone: OpaquePointer?

  static var shared: UnsafeMutablePointer<SwiftHeap> {
    slm_port_swift_heap_address().unsafelyUnwrapped.assumingMemoryBound(to: SwiftHeap.self)
  }

  /// Must not run while the heap is in use.
  mutating func start(_ zone: OpaquePointer?) { self.zone = zone }

  func allocate(
    alignment: Int, size: Int, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  ) -> Status {
    var status = Status.notInitialized
    if let zone { status = slm_zone_allocate_with(zone, alignment, size, 0, out) }
    // Any other status is an ordinary failure, such as out of memory, and is not reported.
    if status.reportsWrite || status == .notInitialized { report(status, nil) }
    return status
  }

  func deallocate(_ object: UnsafeMutableRawPointer?) {
    guard object != nil else { return }
    var status = Status.notInitialized
    if let zone { status = slm_zone_deallocate(zone, object) }
    if status != .ok { report(status, object) }
  }

  @inline(never) private func report(_ kind: Status, _ object: UnsafeMutableRawPointer?) {
    var misuse = slm_misuse()
    misuse.struct_size = UInt32(MemoryLayout<slm_misuse>.size)
    misuse.kind = kind
    misuse.pointer = object
    misuse.slot_size = UInt64(truncatingIfNeeded: zone.map { AnyZone($0).slotSize(around: bits(object)) } ?? 0)
    slm_port_misuse(&misuse)
  }
}

@_cdecl("slm_swift_heap_start") @implementation
public func slm_swift_heap_start(_ zone: OpaquePointer?) { SwiftHeap.shared.pointee.start(zone) }

@_cdecl("slm_swift_heap_allocate") @implementation
public func slm_swift_heap_allocate(
  _ alignment: Int, _ size: Int, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>
) -> slm_status {
  out.pointee = nil
  return SwiftHeap.shared.pointee.allocate(alignment: alignment, size: size, out)
}

@_cdecl("slm_swift_heap_free") @implementation
public func slm_swift_heap_free(_ object: UnsafeMutableRawPointer?) { SwiftHeap.shared.pointee.deallocate(object) }
