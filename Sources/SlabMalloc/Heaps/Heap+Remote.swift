import CSlabPort
import CSlabmalloc
import Synchronization

/// Remote frees: slots that are freed by another thread than their slab's owner.
///
/// Two atomic operations. The first, on the slot's mark, is the verdict on a double free. The second counts the free in the
/// owner's word, and who makes the number non-zero is the slab's *notifier*: it pushes the slab on its owner's stack or, if nobody
/// owns the slab, adopts it. The owner can't change until it has collected; so a slab is on one stack at most, and who pops it
/// owns it. The owner collects as many slots as were counted, whichever it finds first, and leaves later ones to their own
/// count: so a slab with nothing used has no free under way, and may go.
///
/// ctests/model has these steps for a model checker.
extension UnsafeMutablePointer where Pointee == HeapState {
  /// Frees a slot of a slab that somebody else owns, or nobody.
  func deallocateRemotely(_ address: UInt, _ run: RunPointer) -> Status {
    let (index, isStart) = run.place(of: address)
    guard isStart, index < UInt(run.pointee.slotCount) else { return process.report(address) }
    if run.isHardened {
      let refusal = clearRemotely(address, run, index)
      guard refusal == .ok else { return refusal }
    } else {
      let (isFreed, _) = run.atomicMark(index).pointee.compareExchange(
        expected: Mark.used, desired: Mark.remote, ordering: .acquiringAndReleasing)
      guard isFreed else { return process.report(address) }
    }
    collectNowAndThen()
    return countRemoteFree(address, run, index)
  }

  /// Counts a slot that is marked as freed remotely.
  func countRemoteFree(_ address: UInt, _ run: RunPointer, _ index: UInt) -> Status {
    let before = run.addRemoteFree()

    if before.remoteFrees != 0 { return .ok }
    if before.isNoSlab {
      // Freed by its owner at the same time, which made the slab empty.
      run.cancelRemoteFree()
      return process.report(address, Status.doubleFree)
    }
    run.pointee.remoteHint = index
    if let owner = before.heap { owner.pushRemote(run) } else { adopt(run) }
    return .ok
  }

  /// A thread that only frees collects too: others free in the slabs that it has adopted.
  private func collectNowAndThen() {
    guard isInitialized else { return }
    pointee.remoteFrees &+= 1
    if pointee.remoteFrees & 63 == 0 { _ = collectRemote() }
  }

  var process: ProcessHeapPointer { isInitialized ? pointee.process : .shared }

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

  /// Becomes the owner of a slab that nobody owns, as its notifier, unless somebody has taken it out of the orphans meanwhile.
  private func adopt(_ run: RunPointer) {
    guard isInitialized else {
      // A deallocation keeps errno, also when there is no memory for a heap: then the slab is lost.
      let saved = slm_port_errno()
      _ = asThread(nil) {
        $0.adopt(run)
        return 0
      }
      return slm_port_set_errno(saved)
    }
    // A heap that was idle may have taken it out of the orphans itself, before this thread borrowed it.
    if let owner = run.takeOver(self) { return owner.heap.unsafelyUnwrapped.pushRemote(run) }
    own(run)
    collect(run)
  }

  /// Lists a slab of which this heap has just become the owner.
  func own(_ run: RunPointer) {
    pointee.process.removeOrphan(run)
    let bin = bin(UInt(run.pointee.binIndex))
    run.bin = bin
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
    let counted = run.takeRemoteFrees()
    var left = counted
    // Eight marks at a time, from where the first was freed, and round.
    let words = UnsafeMutableRawPointer(run.pointee.marks).assumingMemoryBound(to: Atomic<UInt64>.self)
    let count = (Int(run.pointee.slotCount) + 7) / 8
    var word = hint / 8
    var rounds = count
    while left > 0, rounds > 0 {
      var freed = (words + word).pointee.load(ordering: .relaxed) & 0x8080_8080_8080_8080
      while freed != 0, left > 0 {
        let index = UInt(word * 8 + freed.trailingZeroBitCount / 8)
        _ = run.atomicMark(index).pointee.load(ordering: .acquiring)
        run.atomicMark(index).pointee.store(Mark.free, ordering: .relaxed)
        run.makeAvailable(index)
        freed &= freed &- 1
        left &-= 1
      }
      word = word + 1 == count ? 0 : word + 1
      rounds -= 1
    }
    run.pointee.used &-= UInt32(truncatingIfNeeded: counted &- left)
    let start = run.pointee.start
    if run.pointee.used == 0 {
      _ = heapSlabIsUnused(run.raw)
    } else if run.pointee.place != .current {
      run.bin.place(run)
    }
    // A slot was freed by its owner and remotely at the same time. Last, as a handler may allocate.
    if left > 0 { _ = pointee.process.report(start, Status.doubleFree) }
  }
}
