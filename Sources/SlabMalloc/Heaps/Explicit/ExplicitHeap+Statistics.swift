import CSlabPort
import Synchronization

/// What an explicit heap holds.
struct HeapUsage {
  var objects: UInt = 0
  var bytes: UInt = 0
  var slabBytes: UInt = 0
  var largeBytes: UInt = 0
  var largeObjects: UInt = 0
}

/// What an explicit heap has of one size class.
struct HeapClassUsage {
  var slabs: UInt = 0
  var emptySlabs: UInt = 0
  var slots: UInt = 0
}

/// Counts over all parts of an explicit heap, by the descriptors of all runs: exact while no other thread allocates or
/// frees in the heap. Each of these takes the lock.
extension UnsafeMutablePointer where Pointee == ExplicitHeap {
  func usage() -> HeapUsage {
    var usage = HeapUsage()
    pool.locked {
      pool.forEachRun { run in
        guard owns(run) else { return }
        if run.pointee.kind == .large {
          usage.objects += 1
          usage.largeObjects += 1
          usage.bytes += LargeObject(run).size
          usage.largeBytes += run.bytes
        } else {
          let live = run.liveSlots
          usage.objects += live
          usage.bytes += live * SizeClass.slotSize(UInt(run.pointee.binIndex))
          usage.slabBytes += run.bytes
        }
      }
    }
    return usage
  }

  func usage(ofClass index: UInt) -> HeapClassUsage {
    var usage = HeapClassUsage()
    pool.locked {
      pool.forEachRun { run in
        guard run.pointee.kind == .slab, UInt(run.pointee.binIndex) == index, owns(run) else { return }
        let live = run.liveSlots
        usage.slabs += 1
        usage.slots += live
        if live == 0 { usage.emptySlabs += 1 }
      }
    }
    return usage
  }
}
