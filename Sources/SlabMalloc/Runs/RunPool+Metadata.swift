/// Blocks of metadata: taken, and given back.
extension UnsafeMutablePointer where Pointee == RunPool {
  /// A block of so many lines, with any content. nil if the system has no more memory.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func takeMetadata(lines: UInt) -> UInt? {
    assertLocked()
    let list = Metadata.list(lines)
    guard let run = pointee.metadata.pages[list].first ?? takeMetadataPage(lines) else { return nil }
    let page = MetadataPage(run)
    let block: UInt
    if page.firstFree != 0 {
      block = page.firstFree
      page.firstFree = MetadataPage.nextFree(block).pointee
    } else {
      block = run.pointee.start + UInt(page.carvedBlocks) * lines * Metadata.line
      page.carvedBlocks += 1
    }
    page.usedBlocks += 1
    if page.isFull { pointee.metadata.pages[list].remove(run) }
    return block
  }

  private func takeMetadataPage(_ lines: UInt) -> RunPointer? {
    guard let run = Metadata.isAlone(lines) ? takeGuardedRun(bytes: lines * Metadata.line) : takeGuardedRun(1) else {
      return nil
    }
    run.pointee.kind = .metadata
    let page = MetadataPage(run)
    page.blockSize = lines * Metadata.line
    page.carvedBlocks = 0
    page.usedBlocks = 0
    page.firstFree = 0
    pointee.metadata.pages[Metadata.list(lines)].prepend(run)
    pointee.metadata.pageCount += UInt(run.pointee.pages)
    return run
  }

  /// Requires: the lock of the run pool.
  func freeMetadata(_ block: UInt, lines: UInt) {
    assertLocked()
    guard let run = segment(around: block)?.run(block) else { return }
    let page = MetadataPage(run)
    let list = Metadata.list(lines)
    if page.isFull { pointee.metadata.pages[list].prepend(run) }
    MetadataPage.nextFree(block).pointee = page.firstFree
    page.firstFree = block
    page.usedBlocks -= 1
    let isOnly = pointee.metadata.pages[list].first == run && run.pointee.next == nil
    guard page.usedBlocks == 0, !isOnly else { return }
    pointee.metadata.pages[list].remove(run)
    pointee.metadata.pageCount -= UInt(run.pointee.pages)
    page.blockSize = 0
    run.vacate()
    if isHardened { decommit(run) }
    free(run)
  }
}
