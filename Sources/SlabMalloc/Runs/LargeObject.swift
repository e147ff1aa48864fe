/// A large object: a run of its own, for an object above the largest size class. A view of its descriptor.
struct LargeObject {
  let run: RunPointer

  @inline(__always) init(_ run: RunPointer) { self.run = run }

  /// Usable bytes: the size asked for, rounded up to the system's pages. Changes under the lock of the run pool.
  var size: UInt {
    get { run.pointee.content }
    nonmutating set { run.pointee.content = newValue }
  }

  /// The address of the explicit heap that lists the object; 0 if it is the process's, and 1 if that one is in the heap
  /// profile. No line of a deallocation's fast path reads it: it lies where a slab has its remote hint.
  var heapAddress: UInt {
    get { run.pointee.remoteHint }
    nonmutating set { run.pointee.remoteHint = newValue }
  }

  /// Whether the object, which is no explicit heap's, is in the heap profile.
  var isSampled: Bool {
    get { heapAddress == 1 }
    nonmutating set { heapAddress = newValue ? 1 : 0 }
  }
}
