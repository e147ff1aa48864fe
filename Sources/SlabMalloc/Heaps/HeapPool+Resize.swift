/// Large objects that change their size: where they are, or by moving. Each of these takes the lock.
extension UnsafeMutablePointer where Pointee == HeapPool {
  /// Changes the size of a large object where it is. False if it can't be, or if the size is not a large one.
  /// - Parameter anySize: a small size is served too, since the object may not leave its run.
  func resizeLarge(_ run: RunPointer, _ size: UInt, anySize: Bool = false) -> Bool {
    guard anySize || sizeClass(size, alignment: 1) == nil, size <= UInt(Int.max) - PageSize.large.size else {
      return false
    }
    let bytes = roundUp(max(size, 1), to: UInt(runs.pointee.system.pageSize))
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
    locked {
      guard let bytes = runs.extend(run, to: pages) else { return false }
      count(largeBytes: Int(bytes))
      return true
    }
  }

  private func shrink(_ run: RunPointer, to pages: UInt) {
    guard pages < UInt(run.pointee.pages) else { return }
    locked { count(largeBytes: -Int(runs.shrink(run, to: pages))) }
  }

  /// Leaves an object where it is, at a size for which there is no better place. 0 if it is too small there.
  func stay(_ address: UInt, _ run: RunPointer, _ size: UInt) -> UInt {
    guard size <= objectSize(run) else { return noMemory() }
    run.hasShrunk = true
    if run.pointee.kind == .large { _ = resizeLarge(run, size, anySize: true) }
    return address
  }

  /// Changes the size of an object for a thread that has no heap, and can get none.
  func reallocateWithoutHeap(_ address: UInt, _ size: UInt) -> UInt {
    liveRun(address).map { stay(address, $0, size) } ?? 0
  }

  /// Moves a large object to a run with room for `size` bytes. 0 if there is no memory: the object is then unchanged.
  func moveLarge(_ run: RunPointer, _ size: UInt, alignment: UInt = 1, for heap: HeapPointer?) -> UInt {
    let old = run.pointee.start
    let (start, _) = allocateLarge(size, alignment: alignment, for: heap)
    guard start != 0, let from = UnsafeMutableRawPointer(bitPattern: old),
      let to = UnsafeMutableRawPointer(bitPattern: start)
    else { return 0 }
    let bytes = min(LargeObject(run).size, roundUp(size, to: UInt(runs.pointee.system.pageSize)))
    // Moving page tables is cheaper than copying bytes, if there are enough of them.
    if bytes < PageRun.movedFrom || runs.pointee.system.move(from, to, Int(bytes)) != 0 {
      to.copyMemory(from: from, byteCount: Int(min(bytes, size)))
    }
    _ = deallocateLarge(old)
    return start
  }
}
