import CSlabmalloc

/// The constructor and destructor of a cache: functions of the client that run once for a slot's life in its slab, not
/// at each allocation (Bonwick, "The Slab Allocator", 1994).
///
///     page in -> construct slot 0 ... n-1 -> allocate, deallocate, allocate, ... -> page out: destroy slot 0 ... n-1
///
/// A deallocated object keeps its state until it is allocated again, because nothing is written to free memory.
struct Constructor {
  var construct: Construct?
  var destroy: Destroy?
  var context: UnsafeMutableRawPointer?

  typealias Construct =
    @convention(c) (_ context: UnsafeMutableRawPointer?, _ object: UnsafeMutableRawPointer, _ size: Int) -> slm_status
  typealias Destroy =
    @convention(c) (_ context: UnsafeMutableRawPointer?, _ object: UnsafeMutableRawPointer, _ size: Int) -> Void
}

extension Constructor {
  /// False if the constructor refuses.
  func construct(_ address: UInt, _ size: UInt) -> Bool {
    guard let construct, let object = UnsafeMutableRawPointer(bitPattern: address) else { return true }
    return construct(context, object, Int(bitPattern: size)) == Status.ok
  }

  func destroy(_ address: UInt, _ size: UInt) {
    guard let destroy, let object = UnsafeMutableRawPointer(bitPattern: address) else { return }
    destroy(context, object, Int(bitPattern: size))
  }

  /// Constructs `count` objects, one behind the other. If one refuses, destroys those before it and returns false.
  func constructAll(from start: UInt, count: UInt, _ size: UInt) -> Bool {
    for index in 0..<count where !construct(start &+ index &* size, size) {
      destroyAll(from: start, count: index, size)
      return false
    }
    return true
  }

  /// Destroys `count` objects, the last one first.
  func destroyAll(from start: UInt, count: UInt, _ size: UInt) {
    var index = count
    while index > 0 {
      index &-= 1
      destroy(start &+ index &* size, size)
    }
  }
}
