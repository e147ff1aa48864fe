import Synchronization

/// Remote frees: slots that are freed by another thread than their slab's owner.
///
/// Two atomic operations. The first, on the slot's mark, is the verdict on a double free. The second counts, and who
/// makes the count non-zero is the slab's *notifier*: it pushes the slab on its owner's stack or, if the slab has no owner,
/// adopts it. Until that is done and the owner has collected, nobody else is; so a slab is on one stack at most, and who pops it
/// owns it. The owner collects as many slots as the count says and leaves later ones to their own count: so a slab
/// with nothing used has no free under way, and may go.
///
/// ctests/model checks all this.
extension UnsafeMutablePointer where Pointee == Heap {
  /// Frees a slot of a slab that somebody else owns, or nobody.
  func deallocateRemotely(_ address: UInt, _ run: RunPointer) -> Status {
    let (index, isStart) = run.slot(at: address)
    guard isStart, index < UInt(run.pointee.slotCount) else { return process.report(address) }
    let (isFreed, _) = run.atomicMark(index).pointee.compareExchange(
      expected: Mark.used, desired: Mark.remote, ordering: .acquiringAndReleasing)
    guard isFreed else { return process.report(address) }
    let (before, _) = run.remoteCount.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
    if before == 0 { notify(run, hint: index) }
    return ok
  }

  var process: ProcessHeapPointer { isInitialized ? pointee.process : .shared }

  private func notify(_ run: RunPointer, hint: UInt) {
    run.pointee.remoteHint = UInt32(truncatingIfNeeded: hint)
    while true {
      let owner = run.owner.pointee.load(ordering: .sequentiallyConsistent)
      if let heap = HeapPointer(bitPattern: owner) { return heap.pushRemote(run) }
      if adopt(run) { return }
    }
  }

  private func pushRemote(_ run: RunPointer) {
    var first = remote.pointee.load(ordering: .relaxed)
    while true {
      run.pointee.remoteNext = RunPointer(bitPattern: first)
      let (isPushed, now) = remote.pointee.weakCompareExchange(
        expected: first, desired: run.address, successOrdering: .releasing, failureOrdering: .relaxed)
      if isPushed { return }
      first = now
    }
  }

  /// Becomes the owner of a slab that has none. False if somebody else has become it.
  private func adopt(_ run: RunPointer) -> Bool {
    guard isInitialized else { return asThread { $0.adopt(run) ? 1 : 0 } != 0 }
    let (isOurs, _) = run.owner.pointee.compareExchange(
      expected: 0, desired: address, ordering: .sequentiallyConsistent)
    guard isOurs else { return false }
    own(run)
    collect(run)
    return true
  }

  /// Lists a slab of which this heap has just become the owner.
  func own(_ run: RunPointer) {
    pointee.process.removeOrphan(run)
    let bin = bin(UInt(run.pointee.binIndex))
    run.pointee.bin = bin
    run.pointee.place = .full
    bin.place(run)
  }

  /// Collects all slabs in which others have freed slots. False if there are none.
  func collectRemote() -> Bool {
    guard remote.pointee.load(ordering: .relaxed) != 0 else { return false }
    var next = RunPointer(bitPattern: remote.pointee.exchange(0, ordering: .acquiring))
    while let run = next {
      next = run.pointee.remoteNext
      collect(run)
    }
    return true
  }

  /// Makes slots that were freed remotely available: as many as were counted.
  private func collect(_ run: RunPointer) {
    let hint = Int(run.pointee.remoteHint)
    var left = run.remoteCount.pointee.exchange(0, ordering: .acquiringAndReleasing)
    run.pointee.used &-= left
    // Eight marks at a time, from where the first was freed, and round.
    let words = UnsafeMutableRawPointer(run.pointee.marks).assumingMemoryBound(to: UInt64.self)
    let count = (Int(run.pointee.slotCount) + 7) / 8
    var word = hint / 8
    var rounds = count
    while left > 0, rounds > 0 {
      var freed = words[word] & 0x8080_8080_8080_8080
      while freed != 0, left > 0 {
        let index = UInt(word * 8 + freed.trailingZeroBitCount / 8)
        run.mark(index).pointee = Mark.free
        run.makeAvailable(index)
        freed &= freed &- 1
        left &-= 1
      }
      word = word + 1 == count ? 0 : word + 1
      rounds -= 1
    }
    // A slot was freed by its owner and remotely at the same time.
    if left > 0 {
      run.pointee.used &+= left
      _ = pointee.process.report(run.pointee.start, AllocationError.doubleFree.code)
    }
    if run.pointee.used == 0 { _ = heapSlabIsUnused(run.raw) } else if run.pointee.place != .current { run.pointee.bin.place(run) }
  }
}
