import CSlabmalloc

/// The end of a zone: every page goes back to the provider, used or not.
extension UnsafeMutablePointer where Pointee == ZoneState {
  func destroy(live: inout UInt) -> Status {
    guard isInitialized, let directory = pointee.directory else { return .notInitialized }
    live = self.live.slots
    guard pointee.ledger.pagesHeld &+ directory.pointee.ledger.pagesHeld == 0 || pointee.provider.release != nil else {
      return .noProvider
    }
    let (view, runs) = (directory.pointee.view, directory.pointee.runs)
    // The zone ends first, for a provider that calls back. What leads to the pages is still there.
    end()
    directory.end()
    giveAllBack(directory, view, runs)
    return .ok
  }

  /// Gives back all pages that a directory with this view and these runs knows. Nobody else uses them any more.
  func giveAllBack(_ directory: PageDirectoryPointer, _ view: DirectoryView, _ runs: consuming RunTree) {
    directory.pointee.view = view
    directory.forEachSlab { slab in
      slab.pointee.seal = 0
      release(slab.pointee.start, slab.bytes)
    }
    while !Build.isSmall, let run = runs.root {
      let (start, bytes) = (run.pointee.start, run.pointee.bytes)
      runs.remove(run)
      if !run.isPushed { runs.giveBack(run, pageMask: directory.page.mask) }
      release(start, bytes)
    }
    while !Build.isSmall, let page = runs.takeUnusedPage() { release(page, directory.page.size) }
    directory.forEachTable { release($0, directory.page.size) }
    // The provider may have made a new zone in the same storage.
    if !isInitialized { directory.end() }
  }
}
