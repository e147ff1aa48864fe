/// A large object: a run of its own, for an object above the largest size class. A view of its descriptor.
struct LargeObject {
  let run: RunPointer

  @inline(__always) init(_ run: RunPointer) { self.run = run }

  /// Usable bytes: the size asked for, rounded up to the system's pages. Changes under the lock of the run pool.
  var size: UInt {
    get { run.pointee.content }
    nonmutating set { run.pointee.content = newValue }
  }

  /// Whether the object is in the heap profile.
  var isSampled: Bool {
    get { run.pointee.cursor != 0 }
    nonmutating set { run.pointee.cursor = newValue ? 1 : 0 }
  }

  /// The address of the explicit heap that lists the object; 0 if it is the process's. No line of a deallocation's fast
  /// path reads it: it lies where a slab has its remote hint.
  var heapAddress: UInt {
    get { run.pointee.remoteHint }
    nonmutating set { run.pointee.remoteHint = newValue }
  }
}
