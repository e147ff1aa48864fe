/// Large objects that change their size: where they are, or by moving. Each of these takes the lock.
extension UnsafeMutablePointer where Pointee == HeapPool {
  /// Changes the size of a large object where it is. False if it can't be, or if the size is not a large one.
  /// - Parameter anySize: a small size is served too, since the object may not leave its run.
  func resizeLarge(_ run: RunPointer, _ size: UInt, anySize: Bool = false) -> Bool {
    guard anySize || sizeClass(size, alignment: 1) == nil, size <= UInt(Int.max) - PageSize.large.size else {
      return false
    }
    let bytes = roundUp(max(size, 1), to: UInt(runs.pointee.system.pageSize))
    if run.pointee.isLone { return resizeLone(run, bytes) }
    let has = UInt(run.pointee.pages)
    guard pages(bytes) <= has || extend(run, to: pages(bytes)) else { return false }
    if isHardened, !runs.recommit(LargeObject(run), bytes) {
      shrink(run, to: has)
      return false
    }
    // The size first: a look at the run between the two must not find the size larger than the run.
    locked { LargeObject(run).size = bytes }
    shrink(run, to: pages(bytes))
    runs.purgeIfDue()
    return true
  }

  private func extend(_ run: RunPointer, to pages: UInt) -> Bool {
    let heap = LargeObject(run).heap
    let counted = (pages - UInt(run.pointee.pages)) << PageRun.pageShift
    guard heap?.charge(counted) ?? true else { return false }
    return locked {
      let bytes = runs.extend(run, to: pages)
      // It never has more bytes than were asked for.
      _ = heap?.settle(counted, bytes ?? 0)
      count(largeBytes: Int(bytes ?? 0))
      return bytes != nil
    }
  }

  private func shrink(_ run: RunPointer, to pages: UInt) {
    guard pages < UInt(run.pointee.pages) else { return }
    locked {
      let bytes = runs.shrink(run, to: pages)
      LargeObject(run).heap?.uncharge(bytes)
      count(largeBytes: -Int(bytes))
    }
  }

  /// Leaves an object where it is, at a size for which there is no better place. 0 if it is too small there.
  func stay(_ address: UInt, _ run: RunPointer, _ size: UInt) -> UInt {
    guard size <= objectSize(run) else { return noMemory() }
    run.hasShrunk = true
    run.setObjectSize(address, size)
    if run.pointee.kind == .large { _ = resizeLarge(run, size, anySize: true) }
    return address
  }

  /// Changes the size of an object for a thread that has no heap, and can get none.
  func reallocateWithoutHeap(_ address: UInt, _ size: UInt) -> UInt {
    liveRun(address).map { stay(address, $0, size) } ?? 0
  }

  /// Moves a large object to a run with room for `size` bytes. 0 if there is no memory: the object is then unchanged.
  func moveLarge(_ run: RunPointer, _ size: UInt, alignment: UInt = 1, for heap: ExplicitHeapPointer?) -> UInt {
    let old = run.pointee.start
    if run.pointee.isLone, alignment <= UInt(runs.pointee.system.pageSize), moveLone(run, size, for: heap) {
      return run.pointee.start
    }
    let bytes = min(LargeObject(run).size, roundUp(size, to: UInt(runs.pointee.system.pageSize)))
    // Moving page tables is cheaper than copying bytes, if there are enough of them. A lone run is copied into once:
    // with moved tables it would be two mappings of the system, which can neither grow nor move as one.
    let isLone = pages(roundUp(size, to: UInt(runs.pointee.system.pageSize))) >= runs.leastLonePages
    let isCopied = isLone || bytes < PageRun.movedFrom
    let (start, _) = allocateLarge(size, alignment: alignment, filled: isCopied ? bytes : 0, for: heap)
    guard start != 0, let from = UnsafeMutableRawPointer(bitPattern: old),
      let to = UnsafeMutableRawPointer(bitPattern: start)
    else { return 0 }
    if isCopied || runs.pointee.system.move(from, to, Int(bytes)) != 0 {
      to.copyMemory(from: from, byteCount: Int(min(bytes, size)))
    }
    _ = deallocateLarge(old)
    return start
  }
}
