/// Large objects that change their size: where they are, or by moving.
extension UnsafeMutablePointer where Pointee == ProcessHeap {
  /// Changes the size of a large object where it is. False if it can't be.
  func resizeLarge(_ run: RunPointer, _ size: UInt) -> Bool {
    guard sizeClass(size, alignment: 1) == nil, size <= UInt(Int.max) - PageSize.large.size else { return false }
    let bytes = roundUp(size, to: UInt(pointee.system.pageSize))
    let has = UInt(run.pointee.pages)
    guard pages(bytes) <= has || extend(run, to: pages(bytes)) else { return false }
    if isHardened, !openOrClose(run, bytes) {
      shrink(run, to: has)
      return false
    }
    shrink(run, to: pages(bytes))
    locked { run.pointee.size = bytes }
    purgeIfDue()
    return true
  }

  /// Takes the pages behind a run, if they are free.
  private func extend(_ run: RunPointer, to pages: UInt) -> Bool {
    acquire()
    defer { release() }
    guard let reserve = reserve(around: run.pointee.start) else { return false }
    let (before, more) = (reserve.dirtyBytes, pages - UInt(run.pointee.pages))
    guard reserve.extend(run, by: more) else { return false }
    if reserve.dirtyBytes != before { run.pointee.isClean = false }
    dirtyBytes -= before - reserve.dirtyBytes
    count(largeBytes: Int(more << PageRun.pageShift))
    return true
  }

  /// Gives back what is over of a run. Of a lone one that is memory only.
  private func shrink(_ run: RunPointer, to pages: UInt) {
    let (has, end) = (UInt(run.pointee.pages), run.pointee.start + pages << PageRun.pageShift)
    guard pages < has else { return }
    acquire()
    defer { release() }
    guard let reserve = reserve(around: run.pointee.start) else { return }
    if reserve.pointee.isLone {
      _ = pointee.system.purge(
        UnsafeMutableRawPointer(bitPattern: end).unsafelyUnwrapped, Int(run.endAddress - end))
      return
    }
    let rest = reserve.descriptor(end)
    run.pointee.pages = UInt32(pages)
    rest.set(.busy, start: end, pages: has - pages)
    count(largeBytes: -Int(rest.bytes))
    addFree(rest)
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
    if bytes < PageRun.movedFrom || pointee.system.move(from, to, Int(bytes)) != 0 {
      to.copyMemory(from: from, byteCount: Int(min(bytes, size)))
    }
    _ = deallocateLarge(old)
    return start
  }
}

extension UnsafeMutablePointer where Pointee == Segment {
  fileprivate var dirtyBytes: UInt { pointee.dirty.pages << PageRun.pageShift }
}
