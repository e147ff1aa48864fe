import Synchronization

/// What becomes of a heap's slabs when its thread ends, or when its explicit heap is destroyed.
extension UnsafeMutablePointer where Pointee == HeapState {
  /// Abandons all slabs: empty ones are given back, full ones have no owner, partial ones become orphans. A slab of
  /// which others are freeing slots at this moment stays, for the next thread that takes this heap.
  func abandonSlabs() {
    _ = collectRemote()
    for index in 0..<SizeClass.count {
      let bin = bin(index)
      bin.emptyStack()
      if let slab = bin.pointee.current { bin.closeCurrent(slab) }
      let lists = bin.takeLists()
      // Slabs that stay are listed anew.
      bin.abandon(from: lists.partial)
      bin.abandon(from: lists.sparse)
    }
  }

  /// Whether the heap owns a slab.
  var hasSlabs: Bool {
    for index in 0..<SizeClass.count {
      let bin = bin(index).pointee
      if bin.current != nil || bin.partial.first != nil || bin.sparse.first != nil { return true }
    }
    return false
  }

  /// Frees every object in a slab. Returns how many there were.
  func destroySlabs() -> UInt {
    _ = collectRemote()
    var live: UInt = 0
    for index in 0..<SizeClass.count {
      let bin = bin(index)
      bin.emptyStack()
      if let slab = bin.pointee.current { bin.closeCurrent(slab) }
      while let slab = bin.pointee.partial.first ?? bin.pointee.sparse.first {
        live += UInt(slab.pointee.used)
        bin.unlist(slab)
        pool.destroy(slab, of: bin)
      }
    }
    pointee.remote.store(0, ordering: .relaxed)
    return live
  }
}

extension UnsafeMutablePointer where Pointee == HeapBin {
  /// Makes ready slots available in their slabs.
  func emptyStack() {
    if pointee.heap.pool.isHardened { return evictAll() }
    while !isStackEmpty {
      pointee.top -= UInt(MemoryLayout<ReadySlot>.stride)
      let ready = Self.ready(at: pointee.top).pointee
      ready.run.makeAvailable(UInt(ready.mark - ready.run.pointee.marks))
      if ready.run.pointee.place != .current { updateList(of: ready.run) }
    }
  }

  /// Makes the current slab one like the others.
  func closeCurrent(_ slab: RunPointer) {
    unlist(slab)
    if slab.pointee.used == 0 { discard(slab) } else { updateList(of: slab) }
  }

  fileprivate func abandon(from first: RunPointer?) {
    let heap = pointee.heap
    var next = first
    while let slab = next {
      next = slab.pointee.next
      slab.pointee.place = .unlisted
      if slab.pointee.used == 0 {
        discard(slab)
        continue
      }
      let isAbandoned =
        slab.pointee.available == 0
        ? slab.pass(from: heap, to: .nobody) : heap.pool.addOrphan(slab, of: heap)
      if !isAbandoned { updateList(of: slab) }
    }
  }
}
