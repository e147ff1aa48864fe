import CSlabPort
import CSlabmalloc
import Synchronization

/// Remote frees: a thread frees an object of a slab that it does not own.
///
/// The freeing thread may not touch the owner's lists. It makes two atomic operations. The first, on the slot's mark,
/// decides whether this is a double free. The second counts the free in the slab's owner word. The thread that makes
/// the number non-zero is the slab's *notifier*: it pushes the slab on its owner's stack or, if nobody owns the slab,
/// adopts it. The owner cannot change before it has collected. A slab is therefore on one stack at most, and the thread
/// that pops it owns it. The owner collects as many slots as were counted, whichever it finds first, and leaves later
/// ones to their own count. A slab with nothing used thus has no free under way, and may be given up.
///
///     marks   used ── the owner ──> free              owner word   | waiting: 16 bits | owner: 48 bits |
///               └──── others ─────> remote ── collected by the owner ──> free
///
/// Invariant: a slab changes its owner only while nothing waits. Lock: none. Model: ctests/model/remote-free.pml.

/// Frees an object of a run that is not the heap's, or of a slab of it in which others' frees wait.
/// - Parameters:
///   - run: the `PageRun` around the address.
///   - heap: the `HeapState` of the calling thread, or its stand-in.
@c(slm_core_heap_deallocate_remotely)
@inline(never)
@usableFromInline
func heapDeallocateRemotely(
  _ address: UInt, _ run: UnsafeMutableRawPointer, _ heap: UnsafeMutableRawPointer
) -> Status {
  let run = run.assumingMemoryBound(to: PageRun.self)
  let heap = heap.assumingMemoryBound(to: HeapState.self)
  // A stand-in may have come to any run, see `RunPool.extent`.
  guard heap.pointee.directLimit != 0 || heap.pointee.sampling == .plain else {
    return heapDeallocateElsewhere(address, heap.raw)
  }
  guard !run.isOwnedOrWaits(heap) else { return heap.deallocate(address, run, run.bin) }
  return heap.deallocatePlainRemotely(address, run)
}

/// Frees an object of a size, of a run that has not the heap's bin of that size.
/// - Parameters:
///   - run: the `PageRun` around the address.
///   - heap: the `HeapState` of the calling thread, and no stand-in.
///   - size: one of the table's.
@c(slm_core_heap_deallocate_sized_remotely)
@inline(never)
@usableFromInline
func heapDeallocateSizedRemotely(
  _ address: UInt, _ run: UnsafeMutableRawPointer, _ heap: UnsafeMutableRawPointer, _ size: UInt
) -> Status {
  let run = run.assumingMemoryBound(to: PageRun.self)
  let heap = heap.assumingMemoryBound(to: HeapState.self)
  guard run.pointee.kind == .slab, run.pointee.binIndex == heap.directBin(size).pointee.index else {
    return heapDeallocateSized(address, size, heap.raw)
  }
  // Of a slab with the right class, which the heap drains, or another heap's.
  guard !run.isOwnedOrWaits(heap) else { return heap.deallocate(address, run, run.bin) }
  return heap.deallocatePlainRemotely(address, run)
}

/// No slot of another heap's plain slab starts at the address.
/// - Parameters:
///   - run: the `PageRun` around the address, which lies in the first segment.
///   - heap: the `HeapState` of the calling thread.
@c(slm_core_heap_deallocate_outside)
@inline(never)
@usableFromInline
func heapDeallocateOutside(
  _ address: UInt, _ run: UnsafeMutableRawPointer, _ heap: UnsafeMutableRawPointer
) -> Status {
  let run = run.assumingMemoryBound(to: PageRun.self)
  return heap.assumingMemoryBound(to: HeapState.self).deallocateOutside(address, run, isInFirstSegment: true)
}

/// The mark of a slot of another heap's slab is not a used one: the object is sampled, or freed twice.
/// - Parameter heap: the `HeapState` of the calling thread.
@c(slm_core_heap_found_no_object)
@inline(never)
@usableFromInline
func heapFoundNoObject(_ address: UInt, _ heap: UnsafeMutableRawPointer) -> Status {
  let heap = heap.assumingMemoryBound(to: HeapState.self)
  guard let run = heap.pool.runs.run(around: address), run.pointee.kind == .slab, heap.pool.endSample(address, run)
  else { return heap.pool.report(address) }
  return heap.deallocatePlainRemotely(address, run)
}

/// A remote free was counted that is the slab's first, or a 64th.
/// - Parameters:
///   - run: the `PageRun` of the slab.
///   - before: the word of its owner before.
///   - heap: the `HeapState` of the calling thread.
@c(slm_core_heap_counted_remote_free)
@inline(never)
@usableFromInline
func heapCountedRemoteFree(
  _ address: UInt, _ run: UnsafeMutableRawPointer, _ index: UInt, _ before: UInt, _ heap: UnsafeMutableRawPointer
) -> Status {
  let run = run.assumingMemoryBound(to: PageRun.self)
  let heap = heap.assumingMemoryBound(to: HeapState.self)
  return heap.finishRemoteFree(address, run, Owner(word: before), index)
}

extension UnsafeMutablePointer where Pointee == HeapState {
  /// Frees a slot of a plain slab that another heap owns, or nobody. A run without a reciprocal is no slab, or a
  /// hardened one. Past the last slot no mark is a used one.
  @inline(__always) func deallocatePlainRemotely(_ address: UInt, _ run: RunPointer) -> Status {
    let reciprocal = run.pointee.reciprocal
    run.readPublished()
    let (index, fraction) = (address &- run.pointee.start).multipliedFullWidth(by: reciprocal)
    guard fraction < reciprocal else { return heapDeallocateOutside(address, run.raw, raw) }
    guard run.changeUsedMark(index, to: Mark.remote) else { return heapFoundNoObject(address, raw) }
    let before = run.addRemoteFree()
    guard !before.isOneIn64 else { return heapCountedRemoteFree(address, run.raw, index, before.word, raw) }
    return .ok
  }

  /// Frees an object of any run, which another heap may own. A stand-in may do it too.
  @inline(__always) func deallocateOutside(
    _ address: UInt, _ run: RunPointer, isInFirstSegment: Bool = false
  ) -> Status {
    if run.pointee.kind == .slab {
      run.readPublished()
      return deallocateRemotely(address, run)
    }
    guard run.pointee.kind == .large else { return pool.report(address) }
    let status = pool.deallocateLarge(address, known: isInFirstSegment ? run : nil)
    if isInitialized { tickSeldom() }
    return status
  }

  /// Frees a slot of a slab that another heap owns, or nobody.
  private func deallocateRemotely(_ address: UInt, _ run: RunPointer) -> Status {
    let (index, isStart) = run.slot(ofAny: address)
    guard isStart, index < UInt(run.pointee.slotCount) else { return pool.report(address) }
    let refusal = pool.markRemote(address, run, index)
    guard refusal == .ok else {
      if refusal == .doubleFree, pool.endSample(address, run) { return deallocateRemotely(address, run) }
      return refusal == .overflow ? pool.report(address, refusal) : pool.report(address)
    }
    let before = run.addRemoteFree()
    guard before.isOneIn64 else { return .ok }
    return finishRemoteFree(address, run, before, index)
  }

  /// Counts a slot that is marked as remote. The address is for the report of a double free.
  func countRemoteFree(_ address: UInt, _ run: RunPointer, _ index: UInt) -> Status {
    tellOwner(of: run, address, run.addRemoteFree(), index)
  }

  private func tellOwner(of run: RunPointer, _ address: UInt, _ before: Owner, _ index: UInt) -> Status {
    switch run.tellOwner(before, index) {
    case .counted: break
    case .noSlab: return pool.report(address, .doubleFree)
    case .nobodys: adopt(run)
    }
    return .ok
  }

  /// A thread that only frees must collect too: others free in the slabs that it has adopted.
  fileprivate func finishRemoteFree(_ address: UInt, _ run: RunPointer, _ before: Owner, _ index: UInt) -> Status {
    let status = tellOwner(of: run, address, before, index)
    if isInitialized { _ = collectRemote() }
    return status
  }

  fileprivate func pushRemote(_ run: RunPointer) {
    var first = pointee.remote.load(ordering: .relaxed)
    while true {
      run.pointee.remoteNext = RunPointer(bitPattern: first)
      let (isPushed, now) = pointee.remote.weakCompareExchange(
        expected: first, desired: run.address, successOrdering: .releasing, failureOrdering: .relaxed)
      if isPushed { return }
      first = now
    }
  }

  /// Makes this heap, as the slab's notifier, its owner, unless another heap took it out of the orphans meanwhile.
  func adopt(_ run: RunPointer) {
    guard isInitialized else {
      // A deallocation keeps errno, also when there is no memory for a heap: then the slab is lost.
      let saved = slm_port_errno()
      _ = standIn { $0.adopt(run.raw, raw) }
      return slm_port_set_errno(saved)
    }
    // An idle heap may have taken it out of the orphans before this thread borrowed that heap.
    if let owner = run.takeOver(self) { return owner.heap.unsafelyUnwrapped.pushRemote(run) }
    own(run)
    collect(run)
  }

  /// Lists a slab of which this heap has just become the owner.
  func own(_ run: RunPointer) {
    pool.removeOrphan(run)
    let bin = bin(UInt(run.pointee.binIndex))
    run.bin = run.isHardened || run.opener == address ? bin : drain
    run.pointee.place = .unlisted
    bin.updateList(of: run)
  }

  /// Collects all slabs in which others have freed slots. False if there are none.
  func collectRemote() -> Bool {
    guard pointee.remote.load(ordering: .relaxed) != 0 else { return false }
    var next = RunPointer(bitPattern: pointee.remote.exchange(0, ordering: .acquiring))
    while let run = next {
      next = run.pointee.remoteNext
      collect(run)
    }
    return true
  }

  /// Makes remote slots ready, or available where the stack has no room: as many as were counted.
  private func collect(_ run: RunPointer) {
    let hint = Int(run.pointee.remoteHint)
    let counted = run.takeRemoteFrees()
    // A slab of which nothing else is out goes back. What a hardened slab's bin has is no stack.
    let makesReady = counted < run.slotsOut && !run.isHardened
    if makesReady, run.bin.pointee.stackState == 0 { run.bin.growStack() }
    var left = counted
    // Eight marks at a time, from where the first was freed, and round.
    let words = UnsafeMutableRawPointer(run.pointee.marks).assumingMemoryBound(to: UInt64.self)
    let count = (Int(run.pointee.slotCount) + 7) / 8
    var word = hint / 8
    var rounds = count
    while left > 0, rounds > 0 {
      var freed = atomic(words + word).pointee.load(ordering: .relaxed) & 0x8080_8080_8080_8080
      while freed != 0, left > 0 {
        let index = UInt(word * 8 + freed.trailingZeroBitCount / 8)
        _ = run.atomicMark(index).pointee.load(ordering: .acquiring)
        run.atomicMark(index).pointee.store(Mark.free, ordering: .relaxed)
        if !makesReady || !run.collectReady(index) { run.makeAvailable(index) }
        freed &= freed &- 1
        left &-= 1
      }
      word = word + 1 == count ? 0 : word + 1
      rounds -= 1
    }
    let start = run.pointee.start
    if run.isUnused {
      _ = heapSlabChanges(run.raw)
    } else if run.pointee.place != .current {
      run.classBin.updateList(of: run)
    }
    // The owner and another thread freed one slot at the same moment. Last, since a handler may allocate.
    if left > 0 { _ = pool.report(start, .doubleFree) }
  }
}

extension UnsafeMutablePointer where Pointee == HeapPool {
  /// Marks a used slot of a slab as remote. Returns a misuse.
  @inline(__always) func markRemote(_ address: UInt, _ run: RunPointer, _ index: UInt) -> Status {
    if run.isHardened { return clearObject(address, run, index) }
    return run.changeUsedMark(index, to: Mark.remote) ? .ok : .doubleFree
  }
}

extension UnsafeMutablePointer where Pointee == PageRun {
  /// Makes a slot of a plain slab ready that was freed remotely. False if there is no room.
  @inline(__always) fileprivate func collectReady(_ index: UInt) -> Bool {
    let address = pointee.start &+ index &* UInt(pointee.slotSize)
    return bin.takeCollected(ReadySlot(address: address, mark: mark(index)))
  }
}

/// What becomes of a remote free that is counted.
enum RemoteFree {
  /// The owner knows, or was told now.
  case counted
  /// Nobody owns the slab: the caller is its notifier.
  case nobodys
  /// The owner freed the slot at the same moment, which emptied the slab: a double free. Nothing is counted.
  case noSlab
}

extension UnsafeMutablePointer where Pointee == PageRun {
  /// Tells the owner of the first remote free, after it was counted.
  func tellOwner(_ before: Owner, _ index: UInt) -> RemoteFree {
    if before.remoteFrees != 0 { return .counted }
    if before.isNoSlab {
      cancelRemoteFree()
      return .noSlab
    }
    pointee.remoteHint = index
    guard let owner = before.heap else { return .nobodys }
    owner.pushRemote(self)
    return .counted
  }
}
