import CSlabmalloc

/// Large objects: page runs of their own, above the largest size class. Each of these takes the lock.
extension UnsafeMutablePointer where Pointee == HeapPool {
  /// The start of a large object, and whether its bytes are all 0. The start is 0 if the system has no more memory.
  /// - Parameter heap: the explicit heap that lists the object. Any thread may allocate for it.
  func allocateLarge(_ size: UInt, alignment: UInt, for heap: HeapPointer?) -> (start: UInt, isClean: Bool) {
    // Rounding up must not wrap.
    guard size <= UInt(Int.max) - PageSize.large.size, alignment <= UInt(Int.max) / 4 else {
      return (noMemory(), false)
    }
    let bytes = roundUp(max(size, 1), to: UInt(runs.pointee.system.pageSize))
    runs.acquire()
    guard let run = takeLargeRun(bytes, alignment) else {
      runs.release()
      return (noMemory(), false)
    }
    let (start, isClean) = (run.pointee.start, run.pointee.isClean)
    LargeObject(run).size = bytes
    run.pointee.kind = .large
    if let heap {
      LargeObject(run).heapAddress = heap.address
      heap.pointee.large.append(run)
    }
    pointee.counts.largeLive += 1
    count(largeBytes: Int(run.bytes))
    runs.release()
    guard isHardened, !isClean else { return (start, isClean) }
    ZeroMemory.clear(start, bytes)
    return (start, true)
  }

  private func takeLargeRun(_ bytes: UInt, _ alignment: UInt) -> RunPointer? {
    guard let run = runs.takeRun(pages(bytes), alignment: alignment) else { return nil }
    if isHardened, !runs.commit(run, bytes) {
      runs.free(run, isClean: run.pointee.isClean)
      return nil
    }
    return run
  }

  /// Pages of a run for so many bytes.
  func pages(_ bytes: UInt) -> UInt { roundUp(bytes, to: PageRun.pageSize) >> PageRun.pageShift + (isHardened ? 1 : 0) }

  func deallocateLarge(_ address: UInt) -> Status {
    runs.acquire()
    guard let segment = runs.segment(around: address), case let run = segment.run(address), run.pointee.kind == .large,
      run.pointee.start == address
    else {
      runs.release()
      return report(address)
    }
    remove(LargeObject(run))
    // A run that is unmapped at once needn't be decommitted.
    if isHardened, !segment.pointee.isLone || UInt(run.pointee.pages) <= KeptRuns.largestPages {
      runs.release()
      runs.decommit(run)
      runs.acquire()
      runs.quarantine(run)
    } else {
      runs.free(run)
    }
    runs.release()
    runs.purgeIfDue()
    return .ok
  }

  /// Makes a large object's run a busy one.
  /// Requires: the lock of the run pool.
  private func remove(_ object: LargeObject) {
    assertLocked()
    object.heap?.pointee.large.remove(object.run)
    object.heapAddress = 0
    object.run.vacate()
    pointee.counts.largeLive -= 1
    count(largeBytes: -Int(object.run.bytes))
  }
}

extension LargeObject {
  /// The explicit heap that lists the object.
  var heap: HeapPointer? { HeapPointer(bitPattern: heapAddress) }
}
