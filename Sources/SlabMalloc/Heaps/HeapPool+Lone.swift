/// Large objects in lone runs that change their size: their mapping does. Nothing is copied, and the lock is held only
/// to note what has changed.
extension UnsafeMutablePointer where Pointee == HeapPool {
  /// Changes the size of an object in a lone run where it is. False if it can't be.
  func resizeLone(_ run: RunPointer, _ bytes: UInt) -> Bool {
    let (has, wanted, old) = (UInt(run.pointee.pages), pages(bytes), LargeObject(run).size)
    let heap = LargeObject(run).heap
    if wanted > has {
      let counted = (wanted - has) << PageRun.pageShift
      guard heap?.charge(counted) ?? true else { return false }
      let isExtended = runs.extendLone(run, to: wanted)
      _ = heap?.settle(counted, isExtended ? counted : 0)
      guard isExtended else { return false }
      setPages(run, wanted)
    }
    if isHardened, !runs.recommit(LargeObject(run), bytes) { return false }
    locked { LargeObject(run).size = bytes }
    if wanted < has, bytes < old {
      runs.unmapLone(run, above: wanted)
      setPages(run, wanted)
      heap?.uncharge((has - wanted) << PageRun.pageShift)
    }
    return true
  }

  private func setPages(_ run: RunPointer, _ pages: UInt) {
    locked { count(largeBytes: runs.setLonePages(run, pages)) }
  }

  /// Moves an object in a lone run to a larger place, with its pages. False if that can't be: the object is unchanged.
  /// While it moves, no other thread may use it, and no look at an address finds it.
  func moveLone(_ run: RunPointer, _ size: UInt, for heap: ExplicitHeapPointer?) -> Bool {
    guard size <= UInt(Int.max) - PageSize.large.size else { return false }
    let (object, bytes) = (LargeObject(run), roundUp(size, to: UInt(runs.pointee.system.pageSize)))
    let (old, least) = (object.size, pages(bytes))
    // A hardened run takes an eighth more, out of reach: behind its guard it can't grow otherwise.
    let wanted = isHardened ? least + least / 8 : least
    guard wanted >= max(runs.leastLonePages, UInt(run.pointee.pages)), bytes > old else { return false }
    let counted = (wanted - UInt(run.pointee.pages)) << PageRun.pageShift
    guard heap?.charge(counted) ?? true else { return false }
    locked {
      endSample(object)
      remove(object)
      runs.removeLone(run)
    }
    let start = run.pointee.start
    let usable = isHardened ? old : run.bytes
    let newUsable = isHardened ? bytes : wanted << PageRun.pageShift
    let isMoved = runs.moveLone(run, to: wanted, usable: usable, newUsable: newUsable)
    locked {
      runs.addLone(run)
      if isMoved {
        runs.pointee.lone.rememberEnded(start)
        _ = runs.setLonePages(run, wanted)
      }
      add(object, isMoved ? bytes : old, to: heap)
    }
    _ = heap?.settle(counted, isMoved ? counted : 0)
    return isMoved
  }
}
