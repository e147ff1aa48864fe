/// The live objects of all heaps at one moment: exact while no other thread allocates or frees.
struct Census {
  /// Of each size class.
  var slots: ClassArray<UInt> = InlineArray(repeating: 0)
  var largeObjects: UInt = 0
  var largeBytes: UInt = 0
  /// Usable bytes of all objects.
  var bytes: UInt = 0

  var objects: UInt {
    var objects = largeObjects
    for index in 0..<Int(SizeClass.count) { objects += slots[index] }
    return objects
  }
}

extension UnsafeMutablePointer where Pointee == HeapPool {
  /// Counts the live objects. Cost: a step for each run, and for each 8 slots of slabs.
  /// Requires: the lock of the run pool.
  func census() -> Census {
    assertLocked()
    var census = Census()
    forEachRun { add($0, to: &census) }
    return census
  }

  /// Counts the used slots of one size class. Cost: a step for each run, and for each 8 slots of this class.
  /// Requires: the lock of the run pool.
  func usedSlots(ofClass index: Int) -> UInt {
    assertLocked()
    var slots: UInt = 0
    forEachRun { if $0.pointee.kind == .slab, Int($0.pointee.binIndex) == index { slots += $0.liveSlots } }
    return slots
  }

  /// Calls the body with each run, also those that are free.
  /// Requires: the lock of the run pool.
  func forEachRun(_ body: (RunPointer) -> Void) {
    assertLocked()
    for index in 0..<runs.pointee.segmentCount {
      guard let segment = runs.pointee.segments[index] else { continue }
      var address = segment.pointee.base
      while address < segment.pointee.limit {
        let run = segment.descriptor(address)
        body(run)
        address += run.bytes
      }
    }
    var next = runs.pointee.lone.run(from: 0)
    while let run = next {
      body(run)
      next = runs.pointee.lone.run(from: run.endAddress)
    }
  }

  private func add(_ run: RunPointer, to census: inout Census) {
    switch run.pointee.kind {
    case .slab:
      let live = run.liveSlots
      census.slots[Int(run.pointee.binIndex)] += live
      census.bytes += live * objectSize(run)
    case .large:
      census.largeObjects += 1
      census.largeBytes += LargeObject(run).size
      census.bytes += LargeObject(run).size
    case .unused, .free, .kept, .busy, .metadata: break
    }
  }
}
