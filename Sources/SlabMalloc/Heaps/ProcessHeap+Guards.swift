/// Guard pages: the last page of each run that a hardened process takes can't be touched, so that what runs over the end of a
/// slab, a large object or metadata faults. The lock is held.
extension UnsafeMutablePointer where Pointee == ProcessHeap {
  /// A run as `takeRun` gives it, and its guard page. Without one if the system refuses that.
  func takeGuardedRun(_ pages: UInt) -> RunPointer? {
    guard isHardened else { return takeRun(pages) }
    guard let run = takeRun(pages + 1) else { return nil }
    clean(run)
    addGuard(run)
    return run
  }

  func addGuard(_ run: RunPointer) {
    run.pointee.isGuarded =
      pointee.system.protect(run.lastPage, Int(Run.pageSize)) == 0
  }

  /// Makes the guard page usable again. False if the system refuses: then the run is lost.
  func removeGuard(_ run: RunPointer) -> Bool {
    guard run.pointee.isGuarded else { return true }
    run.pointee.isGuarded = pointee.system.commit(run.lastPage, Int(Run.pageSize)) != 0
    return !run.pointee.isGuarded
  }

  /// Makes a run read as 0, for what is carved from it is looked at.
  private func clean(_ run: RunPointer) {
    guard !run.pointee.isClean, !run.pointee.isZero, let start = UnsafeMutableRawPointer(bitPattern: run.pointee.start)
    else { return }
    let bytes = Int(run.bytes)
    // A little is faster cleared than fetched anew.
    if bytes <= 256 << 10 || pointee.system.purge(start, bytes) != 0 {
      start.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    }
  }
}

extension UnsafeMutablePointer where Pointee == Run {
  /// Bytes before the guard page.
  var usableBytes: UInt { bytes - (pointee.isGuarded ? Run.pageSize : 0) }

  fileprivate var lastPage: UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(bitPattern: endAddress - Run.pageSize).unsafelyUnwrapped
  }
}
