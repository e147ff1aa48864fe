// The lists of a bin's slabs. Owner: only the thread of the bin's heap runs these.
extension UnsafeMutablePointer where Pointee == HeapBin {
  /// Puts a slab into the list that its numbers call for. The slab is this bin's and not current.
  func updateList(of run: RunPointer) {
    let place: PageRun.Place = run.pointee.available >= run.threshold ? .partial : .sparse
    run.pointee.countdown = place == .partial ? run.nextHalf : run.threshold &- run.pointee.available
    guard place != run.pointee.place else { return }
    unlist(run)
    run.pointee.place = place
    if place == .partial { pointee.partial.append(run) } else { pointee.sparse.append(run) }
  }

  /// The countdown of a slab ended. It has the slots for another list, or half of all more, or nobody uses it. Returns
  /// whether it left its list.
  func changeList(of run: RunPointer) -> Bool {
    let place = run.pointee.place
    guard place != .current else {
      run.pointee.countdown = UInt32.max
      return false
    }
    if run.isUnused {
      discard(run)
      return true
    }
    updateList(of: run)
    return run.pointee.place != place
  }

  /// Takes a slab out of its list. The current slab is current no longer.
  func unlist(_ run: RunPointer) {
    switch run.pointee.place {
    case .partial: pointee.partial.remove(run)
    case .sparse: pointee.sparse.remove(run)
    case .current:
      returnPending(run)
      pointee.current = nil
    case .unlisted: break
    }
    run.pointee.place = .unlisted
  }

  /// Makes the pending slots of the current slab available again.
  private func returnPending(_ run: RunPointer) {
    guard pointee.pending != 0 else { return }
    run.pointee.words[(pointee.wordMarks - run.pointee.marks) / 64] |= pointee.pending
    run.pointee.available &+= UInt32(truncatingIfNeeded: pointee.pending.nonzeroBitCount)
    pointee.pending = 0
  }

  /// Forgets both lists, and returns their first slabs.
  func takeLists() -> (partial: RunPointer?, sparse: RunPointer?) {
    let lists = (pointee.partial.first, pointee.sparse.first)
    pointee.partial = LinkedList()
    pointee.sparse = LinkedList()
    return lists
  }
}
