/// Free runs that a hardened process keeps as they are: `Run.Kind.kept`.
///
/// - `slabs`: runs of which every slot was cleared, for the next slab: guarded, and 0. A list for each number of pages that slabs
///   have, newest first.
/// - `large`: a quarantine. The run of a large object that was freed takes a random place of it, out of reach, and what was there
///   becomes free.
///
/// They are dirty until they are purged: then a slab's run becomes free, and a large object's is clean where it is.
///
///     slab ----> kept, usable, dirty --------------------> slab
///                         \______ purge ______> free, out of reach
///     large ---> kept, out of reach, dirty --- purge ---> kept, clean
///                         \___________ chance ____________/___> free, out of reach
struct KeptRuns {
  var slabs: InlineArray<6, LinkedList<PageRun>>
  var large: InlineArray<32, RunPointer?>
  var dirtyPages: UInt
  var cleanPages: UInt
  var random: SplitMix

  init(_ random: SplitMix) {
    slabs = InlineArray(repeating: LinkedList())
    large = InlineArray(repeating: nil)
    dirtyPages = 0
    cleanPages = 0
    self.random = random
  }

  /// Runs of more pages, 2 MiB, become free at once: what is in quarantine has 64 MiB at most.
  static var largestPages: UInt { (2 << 20) >> PageRun.pageShift }

  /// The list of slabs' runs of so many pages, one of which is a guard.
  static func list(_ pages: UInt) -> Int { (pages - 1).trailingZeroBitCount }
}

/// The lock is held.
extension UnsafeMutablePointer where Pointee == ProcessHeap {
  /// Keeps the run of a slab that was given up, for the next one.
  func keep(slab run: RunPointer) {
    run.pointee.isClean = false
    keep(run)
    pointee.kept.slabs[KeptRuns.list(UInt(run.pointee.pages))].prepend(run)
  }

  /// A busy run of so many pages that can be touched, all but the last, and reads as 0. For slabs alone: a pointer into the slab that it was
  /// may still be written through.
  func takeKeptSlab(_ pages: UInt) -> RunPointer? {
    let list = KeptRuns.list(pages)
    guard list < pointee.kept.slabs.count, let run = pointee.kept.slabs[list].first, UInt(run.pointee.pages) == pages
    else { return nil }
    pointee.kept.slabs[list].remove(run)
    keepNoLonger(run)
    return run
  }

  /// Holds the run of a large object back that was freed, and is closed.
  func quarantine(_ run: RunPointer) {
    run.pointee.isClean = false
    guard UInt(run.pointee.pages) <= KeptRuns.largestPages else { return addFree(run) }
    quarantine(run, at: Int(truncatingIfNeeded: pointee.kept.random.next() & 31))
  }

  private func quarantine(_ run: RunPointer, at place: Int) {
    let other = pointee.kept.large[place]
    keep(run)
    pointee.kept.large[place] = run
    if let other { makeFree(other) }
  }

  /// Makes all that is in quarantine free.
  func endQuarantine() {
    for place in 0..<pointee.kept.large.count {
      guard let run = pointee.kept.large[place] else { continue }
      pointee.kept.large[place] = nil
      makeFree(run)
    }
  }

  /// What was kept, and is out of reach, becomes free.
  private func makeFree(_ run: RunPointer) {
    let stamp = run.pointee.stamp
    keepNoLonger(run)
    addFree(run, isClean: run.pointee.isClean, stamp: stamp)
  }

  /// Looks for dirty runs that are kept since a time, or before: a slab's becomes free, a large object's is purged, during which the
  /// lock is not held. False if there is none, or the system refuses.
  func purgeKept(olderThan stamp: UInt) -> Bool {
    for list in 0..<pointee.kept.slabs.count {
      guard pointee.kept.slabs[list].first != nil, let run = pointee.kept.slabs[list].last,
        run.pointee.stamp <= stamp
      else { continue }
      pointee.kept.slabs[list].remove(run)
      close(run)
      makeFree(run)
      return true
    }
    for place in 0..<pointee.kept.large.count {
      guard let run = pointee.kept.large[place], !run.pointee.isClean, run.pointee.stamp <= stamp else { continue }
      pointee.kept.large[place] = nil
      keepNoLonger(run)
      purge(run)
      quarantine(run, at: place)
      return run.pointee.isClean
    }
    return false
  }

  private func keep(_ run: RunPointer) {
    run.pointee.kind = .kept
    run.pointee.reciprocal = 0
    run.pointee.stamp = pointee.system.stamp
    if run.pointee.isClean {
      pointee.kept.cleanPages += UInt(run.pointee.pages)
    } else {
      pointee.kept.dirtyPages += UInt(run.pointee.pages)
      dirtyBytes += run.bytes
    }
  }

  private func keepNoLonger(_ run: RunPointer) {
    run.pointee.kind = .busy
    if run.pointee.isClean {
      pointee.kept.cleanPages -= UInt(run.pointee.pages)
    } else {
      pointee.kept.dirtyPages -= UInt(run.pointee.pages)
      dirtyBytes -= run.bytes
    }
  }
}
