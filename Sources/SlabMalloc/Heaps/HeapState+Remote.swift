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
extension UnsafeMutablePointer where Pointee == HeapState {
  /// Frees a slot of a slab that another heap owns, or nobody.
  func deallocateRemotely(_ address: UInt, _ run: RunPointer) -> Status {
    let (index, isStart) = run.slot(ofAny: address)
    guard isStart, index < UInt(run.pointee.slotCount) else { return pool.report(address) }
    let refusal = pool.markRemote(address, run, index)
    guard refusal == .ok else {
      return refusal == .overflow ? pool.report(address, refusal) : pool.report(address)
    }
    collectNowAndThen()
    return countRemoteFree(address, run, index)
  }

  /// Counts a slot that is marked as remote. The address is for the report of a double free.
  func countRemoteFree(_ address: UInt, _ run: RunPointer, _ index: UInt) -> Status {
    switch run.countRemoteFree(index) {
    case .counted: break
    case .noSlab: return pool.report(address, .doubleFree)
    case .nobodys: adopt(run)
    }
    return .ok
  }

  /// A thread that only frees must collect too: others free in the slabs that it has adopted.
  func collectNowAndThen() {
    guard isInitialized else { return }
    pointee.remoteFrees &+= 1
    if pointee.remoteFrees & 63 == 0 { _ = collectRemote() }
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

  /// Makes remote slots available: as many as were counted.
  private func collect(_ run: RunPointer) {
    let hint = Int(run.pointee.remoteHint)
    let counted = run.takeRemoteFrees()
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
        run.makeAvailable(index)
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
  /// Counts a slot that is marked as remote, and tells the owner of the first.
  @inline(__always) func countRemoteFree(_ index: UInt) -> RemoteFree {
    let before = addRemoteFree()
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
