import CSlabmalloc

/// The end of a zone: every page goes back to the provider, used or not.
extension UnsafeMutablePointer where Pointee == ZoneState {
  func destroy(live: inout UInt) -> Status {
    guard isInitialized, let directory = pointee.directory else { return .notInitialized }
    if !Build.isSmall, isConstructing() { return .reentrant }
    live = self.live.slots
    guard pointee.ledger.pagesHeld &+ directory.pointee.ledger.pagesHeld == 0 || pointee.provider.release != nil else {
      return .noProvider
    }
    // The zone ends first, for a provider that calls back. What leads to the pages is still there.
    let view = directory.pointee.view
    let (constructor, isHardened) = (constructor, isHardened)
    end()
    directory.end()
    if !Build.isSmall { pointee.policy?.end() }
    unlocked { giveAllBack(directory, view, constructor, isHardened: isHardened) }
    return .ok
  }

  /// Gives back all pages that a directory with this view knows. Nobody else uses them any more. Runs without a lock.
  ///
  /// Slabs that lodge tables leave after the last look at a table.
  func giveAllBack(
    _ directory: PageDirectoryPointer, _ view: DirectoryView, _ constructor: Constructor?, isHardened: Bool
  ) {
    var (runs, tables) = (directory.pointee.runs, directory.pointee.tables)
    let page = directory.page
    directory.pointee.view = view
    if Build.isSmall {
      return directory.forEachInChains {
        $0.pointee.seal = 0
        release($0.pointee.start, page.size)
      }
    }
    var lodging = LinkedStack<Slab>()
    directory.forEachSlab { slab in
      if let constructor { destroyObjects(slab, atEndBy: constructor, isHardened: isHardened) }
      guard slab.pointee.lodgersLeft == 0 else { return lodging.push(slab) }
      slab.pointee.seal = 0
      release(slab.pointee.start, slab.bytes)
    }
    while let slab = lodging.pop() {
      slab.pointee.seal = 0
      release(slab.pointee.start, slab.bytes)
    }
    while let run = runs.root {
      let (start, bytes) = (run.pointee.start, run.pointee.bytes)
      runs.remove(run)
      release(start, bytes, isRun: true)
    }
    while let cells = tables.takeAny() { release(cells, page.size) }
    while let cells = runs.descriptors.takeAny() { release(cells, page.size) }
    // The provider may have made a new zone in the same storage.
    if !isInitialized { directory.end() }
  }
}
