import CSlabmalloc

/// Large objects: page runs of their own, above the largest size class. Each of these takes the lock.
extension UnsafeMutablePointer where Pointee == HeapPool {
  /// The start of a large object, and whether its bytes are all 0. The start is 0 if the system has no more memory.
  /// - Parameters:
  ///   - isZeroed: the bytes are going to be cleared, unless they are all 0.
  ///   - filled: bytes at the start that are about to be filled; nil if that is not known.
  ///   - heap: the explicit heap that lists the object.
  func allocateLarge(
    _ size: UInt, alignment: UInt, isZeroed: Bool = false, filled: UInt? = nil, for heap: ExplicitHeapPointer?
  ) -> (start: UInt, isClean: Bool) {
    // Rounding up must not wrap.
    guard size <= UInt(Int.max) - PageSize.large.size, alignment <= UInt(Int.max) / 4 else {
      return (noMemory(), false)
    }
    let bytes = roundUp(max(size, 1), to: UInt(runs.pointee.system.pageSize))
    guard heap?.charge(pages(bytes) << PageRun.pageShift) ?? true else { return (noMemory(), false) }
    runs.acquire()
    guard let run = takeLargeRun(bytes, alignment, filled, for: heap) else {
      runs.release()
      return (noMemory(), false)
    }
    let (start, isClean) = (run.pointee.start, run.pointee.isClean)
    add(LargeObject(run), bytes, to: heap)
    runs.release()
    if isClean { return (start, true) }
    if isHardened {
      ZeroMemory.clear(start, bytes)
      return (start, true)
    }
    return (start, isZeroed && purgeLarge(run, bytes))
  }

  /// The start of a large object whose bytes are all 0; 0 if the system has no more memory.
  func allocateLargeZeroed(_ size: UInt, alignment: UInt, for heap: ExplicitHeapPointer?) -> UInt {
    let (start, isClean) = allocateLarge(size, alignment: alignment, isZeroed: true, for: heap)
    if !isClean { zero(start, roundUp(max(size, 1), to: UInt(runs.pointee.system.pageSize))) }
    return start
  }

  /// Does nothing if the start is 0.
  func zero(_ start: UInt, _ size: UInt) {
    guard let memory = UnsafeMutableRawPointer(bitPattern: start) else { return }
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: Int(bitPattern: size))
  }

  /// Makes the memory of a large object read as 0 without touching it, if there is enough that this costs less than to
  /// clear it. False if not, or if the system refuses. Nothing is counted as purged, since the object gets the memory
  /// back.
  private func purgeLarge(_ run: RunPointer, _ bytes: UInt) -> Bool {
    guard bytes >= PageRun.purgedFrom, runs.pointee.system.purge(at: run.pointee.start, bytes) else { return false }
    locked { runs.refusePurged(run) }
    return true
  }

  /// A run for so many bytes. For an explicit heap they are counted already, and no longer if there is none.
  private func takeLargeRun(
    _ bytes: UInt, _ alignment: UInt, _ filled: UInt?, for heap: ExplicitHeapPointer?
  ) -> RunPointer? {
    let counted = pages(bytes) << PageRun.pageShift
    guard let run = runs.takeRun(pages(bytes), alignment: alignment) else {
      heap?.uncharge(counted)
      return nil
    }
    if let filled { runs.adviseFilled(run, filled) } else { runs.adviseLarge(run, bytes) }
    let isAllowed = heap?.settle(counted, run.bytes) ?? true
    if !isAllowed || isHardened && !runs.commit(run, bytes) {
      heap?.uncharge(isAllowed ? run.bytes : counted)
      runs.free(run, isClean: run.pointee.isClean)
      return nil
    }
    return run
  }

  /// Pages of a run for so many bytes.
  func pages(_ bytes: UInt) -> UInt { roundUp(bytes, to: PageRun.pageSize) >> PageRun.pageShift + (isHardened ? 1 : 0) }

  /// - Parameters:
  ///   - known: the run around the address, if that lies in the first segment, whose descriptors stay where they are.
  ///   - reports: a misuse is reported, and not only returned.
  func deallocateLarge(_ address: UInt, known: RunPointer? = nil, reports: Bool = true) -> Status {
    // The stamp of the run, for the look at what is due too, and without the lock.
    let now = runs.pointee.system.stamp
    runs.acquire()
    guard let run = known ?? runs.anyRun(around: address), run.pointee.kind == .large, run.pointee.start == address
    else {
      runs.release()
      return reports ? report(address) : .doubleFree
    }
    if LargeObject(run).heapAddress != 0 { uncharge(LargeObject(run)) }
    remove(LargeObject(run))
    if isHardened, !run.pointee.isLone {
      runs.decommitPurged(run)
      runs.quarantine(run, stamp: now)
    } else {
      runs.free(run, stamp: now)
    }
    runs.release()
    runs.purgeIfDue(now)
    return .ok
  }

  /// Makes a busy run that of a large object.
  /// Requires: the lock of the run pool.
  func add(_ object: LargeObject, _ bytes: UInt, to heap: ExplicitHeapPointer?) {
    assertLocked()
    object.size = bytes
    object.run.pointee.kind = .large
    if let heap {
      object.heapAddress = heap.address
      heap.pointee.large.append(object.run)
    }
    pointee.counts.largeLive += 1
    count(largeBytes: Int(object.run.bytes))
  }

  /// Makes a large object's run a busy one.
  /// Requires: the lock of the run pool.
  func remove(_ object: LargeObject) {
    assertLocked()
    object.heap?.pointee.large.remove(object.run)
    object.heapAddress = 0
    object.run.vacate()
    pointee.counts.largeLive -= 1
    count(largeBytes: -Int(object.run.bytes))
  }

  /// The bytes of an explicit heap's object that ends are counted no more; the object of another one is sampled.
  private func uncharge(_ object: LargeObject) {
    if let heap = object.heap { heap.uncharge(object.run.bytes) } else { endSample(object) }
  }
}

extension LargeObject {
  /// The explicit heap that lists the object.
  var heap: ExplicitHeapPointer? { heapAddress > 1 ? ExplicitHeapPointer(bitPattern: heapAddress) : nil }
}
