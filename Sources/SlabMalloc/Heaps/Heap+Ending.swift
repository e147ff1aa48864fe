import Synchronization

/// What becomes of a heap's slabs when its thread ends, or when it is destroyed.
extension UnsafeMutablePointer where Pointee == HeapState {
  /// Leaves everything to others: empty slabs go back, full ones have no owner, partial ones are orphans. The few of which others
  /// are freeing slots right now stay, for the next thread that takes this heap.
  func leaveSlabs() {
    _ = collectRemote()
    for index in 0..<SizeClass.count {
      let bin = bin(index)
      bin.emptyStack()
      if let slab = bin.pointee.current { bin.settle(slab) }
      bin.leaveAll()
    }
  }

  /// Frees every object. Returns how many there were.
  func destroySlabs() -> UInt {
    _ = collectRemote()
    var live: UInt = 0
    for index in 0..<SizeClass.count {
      let bin = bin(index)
      bin.emptyStack()
      if let slab = bin.pointee.current { bin.settle(slab) }
      while let slab = bin.pointee.partial.first ?? bin.pointee.sparse.first {
        live += UInt(slab.pointee.used)
        bin.unlist(slab)
        bin.destroy(slab)
      }
    }
    remote.pointee.store(0, ordering: .relaxed)
    while let run = pointee.large.first {
      live += 1
      _ = pointee.process.deallocateLarge(run.pointee.start)
    }
    return live
  }
}

extension UnsafeMutablePointer where Pointee == HeapBin {
  /// Makes ready slots available in their slabs.
  fileprivate func emptyStack() {
    if pointee.heap.pointee.process.isHardened { return endQuarantine() }
    while !isStackEmpty {
      pointee.top -= UInt(MemoryLayout<ReadySlot>.stride)
      let ready = Self.ready(at: pointee.top).pointee
      ready.run.makeAvailable(UInt(ready.mark - ready.run.pointee.marks))
      if ready.run.pointee.place != .current { place(ready.run) }
    }
  }

  /// The current slab becomes one like the others.
  fileprivate func settle(_ slab: RunPointer) {
    unlist(slab)
    if slab.pointee.used == 0 { discard(slab) } else { place(slab) }
  }

  fileprivate func leaveAll() {
    // Those that stay are listed anew.
    let lists = (pointee.partial.first, pointee.sparse.first)
    pointee.partial = LinkedList()
    pointee.sparse = LinkedList()
    leave(from: lists.0)
    leave(from: lists.1)
  }

  private func leave(from first: RunPointer?) {
    let heap = pointee.heap
    var next = first
    while let slab = next {
      next = slab.pointee.next
      slab.pointee.place = .full
      if slab.pointee.used == 0 {
        discard(slab)
        continue
      }
      let isLeft =
        slab.pointee.available == 0
        ? slab.pass(from: heap, to: .nobody) : heap.pointee.process.addOrphan(slab, of: heap)
      if !isLeft { place(slab) }
    }
  }
}
