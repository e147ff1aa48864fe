/// What an explicit heap holds.
struct HeapUsage {
  var objects: UInt = 0
  var bytes: UInt = 0
  var slabBytes: UInt = 0
  var largeBytes: UInt = 0
  var largeObjects: UInt = 0
}

extension UnsafeMutablePointer where Pointee == HeapState {
  /// Counts what this explicit heap holds, after collecting remote frees. Its bins list all of its slabs.
  func usage() -> HeapUsage {
    _ = collectRemote()
    var usage = HeapUsage()
    for index in 0..<SizeClass.count { bin(index).add(to: &usage) }
    pool.locked {
      var next = pointee.large.first
      while let run = next {
        usage.objects += 1
        usage.largeObjects += 1
        usage.bytes += LargeObject(run).size
        usage.largeBytes += run.bytes
        next = run.pointee.next
      }
    }
    return usage
  }
}

extension UnsafeMutablePointer where Pointee == HeapBin {
  fileprivate func add(to usage: inout HeapUsage) {
    // For their slabs, slots in quarantine are used.
    let stack = (pointee.top - pointee.bottom) / UInt(MemoryLayout<ReadySlot>.stride) - 1
    var used = pointee.heap.pool.isHardened ? 0 &- stack : 0
    if let slab = pointee.current { add(slab, &used, to: &usage) }
    add(from: pointee.partial.first, &used, to: &usage)
    add(from: pointee.sparse.first, &used, to: &usage)
    usage.objects &+= used
    usage.bytes &+= used &* pointee.slotSize
  }

  private func add(from first: RunPointer?, _ used: inout UInt, to usage: inout HeapUsage) {
    var next = first
    while let slab = next {
      add(slab, &used, to: &usage)
      next = slab.pointee.next
    }
  }

  private func add(_ slab: RunPointer, _ used: inout UInt, to usage: inout HeapUsage) {
    used &+= slab.usedSlots
    usage.slabBytes += slab.bytes
  }
}
