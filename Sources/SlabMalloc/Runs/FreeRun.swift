/// A free, kept or busy run: a view of its descriptor.
struct FreeRun {
  let run: RunPointer

  @inline(__always) init(_ run: RunPointer) { self.run = run }

  /// When the run became free, in milliseconds; 0 if it was never used. A merged run has the oldest stamp of its parts.
  var stamp: UInt {
    get { run.pointee.content }
    nonmutating set { run.pointee.content = newValue }
  }

  /// Whether an object was ever in the page: then a free of a pointer into it is a double free.
  var wasUsed: Bool { run.pointee.slotSize != 0 || run.pointee.content != 0 }
}
