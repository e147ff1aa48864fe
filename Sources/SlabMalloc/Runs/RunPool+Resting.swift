/// Resting blocks: large blocks of metadata that nobody uses, kept at their addresses for the next user.
///
/// A heap that was destroyed is recognised as long as its address stays a heap's. Its block therefore rests when
/// nobody has the heap, and its run is `kept`. It is dirty until it is purged, and reads as 0 from then on. The next
/// user gets the newest dirty one, whose memory is there, or a clean one.
///
///     used ── rest ──> kept, dirty ── purge ──> kept, clean
///        <── takeResting ──┴──────────────────────┘
///
/// At most `mostDirty` blocks rest dirty: the oldest is purged when one more comes, by the thread that brings it. A
/// program whose threads come and go keeps the memory of few heaps this way, and pays for no system call.
struct RestingBlocks {
  /// Newest first.
  var dirty = LinkedList<PageRun>()
  var clean = LinkedList<PageRun>()
  var dirtyCount = 0

  static var mostDirty: Int { 16 }
}

extension UnsafeMutablePointer where Pointee == RunPool {
  /// Lets a block rest that has its run for itself.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func rest(_ block: UInt) {
    assertLocked()
    guard let run = segment(around: block)?.run(block) else { return }
    pointee.metadata.pageCount -= UInt(run.pointee.pages)
    run.pointee.isClean = false
    keepDirty(run)
    while pointee.kept.blocks.dirtyCount > RestingBlocks.mostDirty, let oldest = pointee.kept.blocks.dirty.last {
      guard purgeResting(oldest) else { return }
    }
  }

  /// A block that rested, and whether it was purged: it then reads as 0, and else as its last user left it.
  /// Requires: the lock of the run pool.
  func takeResting() -> (block: UInt, isClean: Bool)? {
    assertLocked()
    guard let run = pointee.kept.blocks.dirty.first ?? pointee.kept.blocks.clean.first else { return nil }
    let isClean = run.pointee.isClean
    if isClean { pointee.kept.blocks.clean.remove(run) } else { removeDirty(run) }
    endKeeping(run)
    run.pointee.kind = .metadata
    run.pointee.isClean = false
    MetadataPage(run).firstFree = 0
    pointee.metadata.pageCount += UInt(run.pointee.pages)
    return (run.pointee.start, isClean)
  }

  /// Purges the oldest dirty block that rests since a time or before. False if there is none, or the system refuses.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func purgeResting(olderThan stamp: UInt) -> Bool {
    assertLocked()
    guard let run = pointee.kept.blocks.dirty.last, FreeRun(run).stamp <= stamp else { return false }
    return purgeResting(run)
  }

  private func purgeResting(_ run: RunPointer) -> Bool {
    removeDirty(run)
    endKeeping(run)
    purge(run)
    guard run.pointee.isClean else {
      keepDirty(run)
      return false
    }
    beginKeeping(run)
    pointee.kept.blocks.clean.prepend(run)
    return true
  }

  private func keepDirty(_ run: RunPointer) {
    beginKeeping(run)
    pointee.kept.blocks.dirty.prepend(run)
    pointee.kept.blocks.dirtyCount += 1
  }

  private func removeDirty(_ run: RunPointer) {
    pointee.kept.blocks.dirty.remove(run)
    pointee.kept.blocks.dirtyCount -= 1
  }
}
