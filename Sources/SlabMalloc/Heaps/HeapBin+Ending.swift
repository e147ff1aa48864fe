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
      bin.endStack()
      if let slab = bin.pointee.current { bin.closeCurrent(slab) }
      bin.startSmall()
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
      bin.endStack()
      if let slab = bin.pointee.current { bin.closeCurrent(slab) }
      while let slab = bin.pointee.partial.first ?? bin.pointee.sparse.first {
        live += slab.slotsOut
        bin.unlist(slab)
        pool.destroy(slab, of: bin)
      }
    }
    pointee.remote.store(0, ordering: .relaxed)
    return live
  }
}

extension UnsafeMutablePointer where Pointee == HeapBin {
  /// Makes the current slab one like the others.
  func closeCurrent(_ slab: RunPointer) {
    unlist(slab)
    if slab.isUnused { discard(slab) } else { updateList(of: slab) }
  }

  fileprivate func abandon(from first: RunPointer?) {
    let heap = pointee.heap
    var next = first
    while let slab = next {
      next = slab.pointee.next
      slab.pointee.place = .unlisted
      if slab.isUnused {
        discard(slab)
        continue
      }
      // The next thread's heap may have this one's address.
      if !slab.isHardened { slab.opener = 0 }
      let isAbandoned =
        slab.pointee.available == 0
        ? slab.pass(from: heap, to: .nobody) : heap.pool.addOrphan(slab, of: heap)
      if !isAbandoned { updateList(of: slab) }
    }
  }
}
