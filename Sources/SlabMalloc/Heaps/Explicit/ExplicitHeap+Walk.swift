import CSlabPort
import Synchronization

/// Where a walk over an explicit heap is: the next slot, or the next run, that was not looked at. Neither is a pointer
/// to anything that may go meanwhile.
///
/// Segments come in the order in which they were made, then lone runs by address. The walk goes on behind a run that
/// has merged around its place: what is in it is younger than the walk.
struct HeapWalk {
  var segment = 0
  var isAmongLone = false
  var address: UInt = 0
  var slot: UInt = 0
  /// Runs that are looked at while the lock is held.
  static var stretch: Int { 256 }

  struct Object {
    let address: UInt
    let size: UInt
    /// `SizeClass.count` for a large object.
    let classIndex: UInt
  }
}

extension UnsafeMutablePointer where Pointee == ExplicitHeap {
  /// Calls the body with each object that is live from the start to the end, until it returns false. No lock is held
  /// meanwhile, and the body may do anything with the heap. Not initialised if the heap is none, or ends.
  func forEachObject(_ body: (HeapWalk.Object) -> Bool) -> Status {
    guard isInitialized else { return .notInitialized }
    let number = pointee.number
    var walk = HeapWalk()
    while true {
      // A heap at the same place may be another one.
      guard isInitialized, pointee.number == number else { return .notInitialized }
      let (object, isOver) = pool.locked { step(&walk) }
      if let object, !body(object) { return .ok }
      if isOver { return .ok }
    }
  }

  /// The next live object, if it is near; and whether there are no more runs.
  /// Requires: the lock of the run pool.
  private func step(_ walk: inout HeapWalk) -> (object: HeapWalk.Object?, isOver: Bool) {
    pool.assertLocked()
    for _ in 0..<HeapWalk.stretch {
      guard let run = nextRun(&walk) else { return (nil, true) }
      if owns(run), let object = nextObject(&walk, in: run) { return (object, false) }
      walk.address = run.endAddress
      walk.slot = 0
    }
    return (nil, false)
  }

  /// The run at the walk's place, or the next one.
  private func nextRun(_ walk: inout HeapWalk) -> RunPointer? {
    let runs = pool.runs
    while !walk.isAmongLone {
      if let segment = runs.pointee.segments[walk.segment] {
        let isInside = walk.address >= segment.pointee.base && walk.address <= segment.pointee.limit
        if !isInside { walk.start(at: segment.pointee.base) }
        while walk.address < segment.pointee.limit {
          let run = segment.run(walk.address)
          if run.pointee.start == walk.address { return run }
          walk.start(at: run.endAddress)
        }
      }
      walk.segment += 1
      walk.isAmongLone = walk.segment >= runs.pointee.segmentCount
      walk.start(at: 0)
    }
    let run = runs.pointee.lone.run(from: walk.address)
    if let run, run.pointee.start != walk.address { walk.start(at: run.pointee.start) }
    return run
  }

  /// The next live object in a run of this heap.
  private func nextObject(_ walk: inout HeapWalk, in run: RunPointer) -> HeapWalk.Object? {
    if run.pointee.kind == .large {
      guard walk.slot == 0 else { return nil }
      walk.slot = 1
      return HeapWalk.Object(
        address: run.pointee.start, size: LargeObject(run).size, classIndex: UInt(SizeClass.count))
    }
    while walk.slot < UInt(run.pointee.slotCount) {
      let slot = walk.slot
      walk.slot += 1
      if run.atomicMark(slot).pointee.load(ordering: .acquiring) == Mark.used {
        let distance = run.isHardened ? run.slotDistance : UInt(run.pointee.slotSize)
        return HeapWalk.Object(
          address: run.pointee.start + slot * distance, size: pool.objectSize(run),
          classIndex: UInt(run.pointee.binIndex))
      }
    }
    return nil
  }
}

extension HeapWalk {
  fileprivate mutating func start(at address: UInt) {
    self.address = address
    slot = 0
  }
}
