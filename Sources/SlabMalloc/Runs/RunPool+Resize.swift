/// Runs in segments that change their size where they are.
extension UnsafeMutablePointer where Pointee == RunPool {
  /// Extends a large object's run to so many pages, if the pages behind it are free. Returns the bytes that it grew by,
  /// nil if it did not.
  /// Requires: the lock of the run pool.
  func extend(_ run: RunPointer, to pages: UInt) -> UInt? {
    assertLocked()
    guard let segment = segment(around: run.pointee.start) else { return nil }
    let (before, more) = (segment.dirtyBytes, pages - UInt(run.pointee.pages))
    guard segment.extend(run, by: more) else { return nil }
    if segment.dirtyBytes != before { run.pointee.isClean = false }
    dirtyBytes -= before - segment.dirtyBytes
    return more << PageRun.pageShift
  }

  /// Frees the pages of a run above so many. Returns their bytes.
  /// Requires: the lock of the run pool.
  func shrink(_ run: RunPointer, to pages: UInt) -> UInt {
    assertLocked()
    let (has, end) = (UInt(run.pointee.pages), run.pointee.start + pages << PageRun.pageShift)
    guard pages < has, let segment = segment(around: run.pointee.start) else { return 0 }
    let rest = segment.descriptor(end)
    run.pointee.pages = UInt32(pages)
    rest.set(.busy, start: end, pages: has - pages)
    let bytes = rest.bytes
    free(rest)
    return bytes
  }
}
