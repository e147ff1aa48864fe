import CSlabPort
import CSlabmalloc

/// The heap of Embedded Swift: a zone of the kernel's, under names that Swift's run-time functions are made to call.
///
/// A zone of one CPU gets the lock here, as a safe zone's; an SMP zone has locks of its own. Zero-filled memory is a heap that was
/// not started.
struct SwiftHeap: ~Copyable {
  var lock: Lock
  var zone: ZonePointer?
  var smpZone: OpaquePointer?

  static var shared: UnsafeMutablePointer<SwiftHeap> {
    slm_port_swift_heap_address().unsafelyUnwrapped.assumingMemoryBound(to: SwiftHeap.self)
  }
}

extension UnsafeMutablePointer where Pointee == SwiftHeap {
  private var lock: UnsafeMutablePointer<Lock> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: Lock.self)
  }

  /// Not while the heap is used. The zone that it had before is its owner's again.
  func start(_ zone: ZonePointer?, smpZone: OpaquePointer?) {
    pointee.zone?.pointee.lock = nil
    zone?.pointee.lock = lock
    pointee.zone = zone
    pointee.smpZone = smpZone
  }

  func allocate(_ alignment: Int, _ size: Int, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>) -> Status {
    var status = Status.notInitialized
    if let smpZone = pointee.smpZone {
      status = slm_smp_zone_allocate_with(smpZone, alignment, size, 0, out)
    } else if let zone = pointee.zone {
      pointee.lock.acquire()
      status = zone.allocate(alignment, size, 0, out)
      pointee.lock.release()
    }
    // Others than these say of a call that was right that it can't be served.
    if status.reportsWrite || status == .notInitialized { report(status, nil) }
    return status
  }

  func deallocate(_ object: UnsafeMutableRawPointer?) {
    guard object != nil else { return }
    var status = Status.notInitialized
    if let smpZone = pointee.smpZone {
      status = slm_smp_zone_deallocate(smpZone, object)
    } else if let zone = pointee.zone {
      pointee.lock.acquire()
      status = zone.deallocate(bits(object))
      pointee.lock.release()
    }
    if status != .ok { report(status, object) }
  }

  @inline(never) private func report(_ kind: Status, _ object: UnsafeMutableRawPointer?) {
    var misuse = slm_misuse()
    misuse.struct_size = UInt32(MemoryLayout<slm_misuse>.size)
    misuse.kind = kind
    misuse.pointer = object
    misuse.slot_size = UInt64(truncatingIfNeeded: slotSize(around: bits(object)))
    slm_port_misuse(&misuse)
  }

  /// The slot size of the class that an address is in; 0 for none.
  private func slotSize(around address: UInt) -> UInt {
    if let zone = pointee.zone {
      pointee.lock.acquire()
      defer { pointee.lock.release() }
      return zone.slab(around: address)?.slotSize ?? 0
    }
    return 0
  }
}

@_cdecl("slm_swift_heap_start") @implementation
public func slm_swift_heap_start(_ zone: OpaquePointer?) { SwiftHeap.shared.start(nil, smpZone: zone) }

@_cdecl("slm_swift_heap_start_zone") @implementation
public func slm_swift_heap_start_zone(_ zone: OpaquePointer?) {
  SwiftHeap.shared.start(zone.map { ZonePointer($0) }, smpZone: nil)
}

@_cdecl("slm_swift_heap_allocate") @implementation
public func slm_swift_heap_allocate(
  _ alignment: Int, _ size: Int, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>
) -> slm_status {
  out.pointee = nil
  return SwiftHeap.shared.allocate(alignment, size, out)
}

@_cdecl("slm_swift_heap_free") @implementation
public func slm_swift_heap_free(_ object: UnsafeMutableRawPointer?) { SwiftHeap.shared.deallocate(object) }
