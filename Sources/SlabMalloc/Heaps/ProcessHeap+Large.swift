/// Large objects: page runs of their own, above the largest size class.
extension UnsafeMutablePointer where Pointee == ProcessHeap {
  /// The start of a run, 0 if the system has no more memory, and whether its bytes are all 0.
  func allocateLarge(_ size: UInt, alignment: UInt, for heap: HeapPointer?) -> (start: UInt, isClean: Bool) {
    let osPage = UInt(pointee.system.pageSize)
    // Rounding up must not wrap.
    guard size <= UInt(Int.max) - PageSize.large.size, alignment <= UInt(Int.max) / 4 else {
      return (noMemory(), false)
    }
    let bytes = roundUp(max(size, 1), to: osPage)
    let pages = roundUp(bytes, to: Run.pageSize) >> Run.pageShift + (isHardened ? 1 : 0)
    let spare = alignment > Run.pageSize ? (alignment >> Run.pageShift) - 1 : 0
    acquire()
    // Of a giant nobody sets a descriptor for each page.
    guard pages + spare < 1 << 31,
      var run = pages + spare < Run.giantPages ? takeRun(pages + spare) : takeLoneRun(pages + spare)
    else {
      release()
      return (noMemory(), false)
    }
    if spare > 0 { run = align(run, alignment, pages) }
    let isClean = run.pointee.isClean
    if isHardened { addGuard(run) }
    run.pointee.size = bytes
    run.pointee.isZero = false
    run.pointee.kind = .large
    if let heap {
      run.bin = heap.bin(0)
      run.pointee.place = .partial
      heap.pointee.large.append(run)
    }
    pointee.counts.largeLive += 1
    count(largeBytes: Int(run.bytes))
    let start = run.pointee.start
    release()
    return (start, isClean)
  }

  /// Cuts a run so that it starts at a multiple of the alignment. What is over of a lone run stays with it.
  private func align(_ run: RunPointer, _ alignment: UInt, _ pages: UInt) -> RunPointer {
    guard let reserve = reserve(around: run.pointee.start) else { return run }
    let (first, all, isClean) = (run.pointee.start, UInt(run.pointee.pages), run.pointee.isClean)
    let stamp = run.pointee.stamp
    let start = roundUp(first, to: alignment)
    let before = (start - first) >> Run.pageShift
    if before == 0 { return cut(run, pages, reserve) }
    let aligned = reserve.descriptor(start)
    if reserve.pointee.isLone {
      aligned.setFirst(start: start, pages: all - before)
      aligned.pointee.isClean = isClean
      run.pointee.pages = UInt32(before)
      reserve.pointee.loneRun = aligned
      return aligned
    }
    aligned.set(.busy, start: start, pages: all - before)
    run.set(.busy, start: first, pages: before)
    aligned.pointee.isClean = isClean
    run.pointee.isClean = isClean
    aligned.pointee.stamp = stamp
    run.pointee.stamp = stamp
    putBack(run, reserve)
    return cut(aligned, pages, reserve)
  }

  private func cut(_ run: RunPointer, _ pages: UInt, _ reserve: ReservePointer) -> RunPointer {
    let rest = UInt(run.pointee.pages) - pages
    guard rest > 0, !reserve.pointee.isLone else { return run }
    if !run.pointee.isClean { dirtyBytes += rest << Run.pageShift }
    // The rest's pages lead to the run.
    run.disband()
    return reserve.cut(run, pages)
  }

  /// A run that was taken but isn't used goes back as it was.
  private func putBack(_ run: RunPointer, _ reserve: ReservePointer) {
    if !run.pointee.isClean { dirtyBytes += run.bytes }
    reserve.release(run)
  }

  func deallocateLarge(_ address: UInt) -> Status {
    acquire()
    guard let run = reserve(around: address)?.run(address), run.pointee.kind == .large, run.pointee.start == address
    else {
      release()
      return report(address)
    }
    removeLarge(run)
    addFree(run)
    release()
    purgeIfDue()
    return ok
  }

  /// A large run becomes a busy one. The lock is held.
  private func removeLarge(_ run: RunPointer) {
    if run.pointee.place == .partial {
      run.bin.pointee.heap.pointee.large.remove(run)
      run.pointee.place = .full
    }
    run.leave()
    pointee.counts.largeLive -= 1
    count(largeBytes: -Int(run.bytes))
  }

  /// Changes the size of a large object where it is. False if it can't be.
  func resizeLarge(_ run: RunPointer, _ size: UInt) -> Bool {
    guard sizeClass(size, alignment: 1) == nil, size <= UInt(Int.max) - PageSize.large.size else { return false }
    let bytes = roundUp(size, to: UInt(pointee.system.pageSize))
    // A guard page is where it is.
    if run.pointee.isGuarded { return bytes == run.pointee.size }
    let pages = roundUp(bytes, to: Run.pageSize) >> Run.pageShift
    acquire()
    let isDone = resizeLarge(run, pages, bytes)
    release()
    purgeIfDue()
    return isDone
  }

  private func resizeLarge(_ run: RunPointer, _ pages: UInt, _ bytes: UInt) -> Bool {
    guard let reserve = reserve(around: run.pointee.start) else { return false }
    let has = UInt(run.pointee.pages)
    if pages > has {
      let before = reserve.dirtyBytes
      guard reserve.extend(run, by: pages - has) else { return false }
      dirtyBytes -= before - reserve.dirtyBytes
      count(largeBytes: Int((pages - has) << Run.pageShift))
    } else if pages < has, reserve.pointee.isLone {
      let end = run.pointee.start + pages << Run.pageShift
      _ = pointee.system.purge(
        UnsafeMutableRawPointer(bitPattern: end).unsafelyUnwrapped, Int(run.endAddress - end))
    } else if pages < has {
      let end = run.pointee.start + pages << Run.pageShift
      let rest = reserve.descriptor(end)
      run.pointee.pages = UInt32(pages)
      rest.set(.busy, start: end, pages: has - pages)
      count(largeBytes: -Int(rest.bytes))
      addFree(rest)
    }
    run.pointee.size = bytes
    return true
  }

  /// Moves a large object to a run with room for `size` bytes. 0 if there is no memory: then it is where it was.
  func moveLarge(_ run: RunPointer, _ size: UInt, for heap: HeapPointer?) -> UInt {
    let old = run.pointee.start
    let (start, _) = allocateLarge(size, alignment: 1, for: heap)
    guard start != 0, let from = UnsafeMutableRawPointer(bitPattern: old),
      let to = UnsafeMutableRawPointer(bitPattern: start)
    else { return 0 }
    let bytes = min(run.pointee.size, roundUp(size, to: UInt(pointee.system.pageSize)))
    // Page tables are cheaper to move than bytes, if there are enough of them.
    if bytes < Run.movedFrom || pointee.system.move(from, to, Int(bytes)) != 0 {
      to.copyMemory(from: from, byteCount: Int(min(bytes, size)))
    }
    _ = deallocateLarge(old)
    return start
  }
}

extension UnsafeMutablePointer where Pointee == Reserve {
  fileprivate var dirtyBytes: UInt { pointee.dirty.pages << Run.pageShift }
}

extension UnsafeMutablePointer where Pointee == Heap {
  func allocateLarge(_ size: UInt, alignment: UInt) -> (start: UInt, isClean: Bool) {
    pointee.process.allocateLarge(size, alignment: alignment, for: pointee.isExplicit ? self : nil)
  }
}
