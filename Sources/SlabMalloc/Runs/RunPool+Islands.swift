/// Islands: stretches of committed memory of a hardened process, with memory out of reach between them.
///
///     | slab | guard | slab | guard | large object | guard |        three islands, as long as there may be more
///     | slab |      bridge         | large object  | guard |        one island, once there are too many
///
/// The system knows only so many mappings (Linux: `vm.max_map_count`), and each island takes two or three of them:
/// free memory that was used is not one mapping with free memory that was not. A program needs some for its threads and
/// libraries. Once islands may take half of them, a run is committed together with all that lies between it and the
/// committed run before it: a bridge. No decommit then splits an island.
///
/// Lock: that of the run pool.
extension UnsafeMutablePointer where Pointee == RunPool {
  /// Whether there may be more islands.
  var hasIslandsLeft: Bool { pointee.islands < pointee.maxIslands }

  /// Notes that a run was committed by itself.
  /// Requires: the lock of the run pool.
  func noteIsland(_ run: RunPointer) {
    assertLocked()
    run.pointee.reach = .island
    pointee.islands += 1
  }

  /// Commits the first bytes of a run together with all that lies between it and the committed run before it. False if
  /// there is none, or the system refuses.
  ///
  /// The guards between both are given up, and free runs there are accessible.
  /// Requires: the lock of the run pool.
  func commitBridge(_ run: RunPointer, _ bytes: UInt) -> Bool {
    assertLocked()
    guard let segment = segment(around: run.pointee.start), case let (start, .some(before)) = segment.gap(before: run)
    else { return false }
    pointee.hasBridges = true
    guard pointee.system.commit(at: start, run.pointee.start + bytes - start) else { return false }
    // Its object may overflow into the rest, and grow into it later.
    if before.pointee.kind == .large { before.pointee.isClean = false }
    run.pointee.isGuarded = true
    run.pointee.reach = .bridged
    return true
  }

  /// Notes that a run is about to be decommitted, and returns what is: the run, or where there are bridges, all between
  /// the committed runs around it. nil if nothing must be, since that would make one island more than there may be.
  /// Requires: the lock of the run pool.
  func leaveIsland(_ run: RunPointer) -> (start: UInt, end: UInt)? {
    assertLocked()
    let reach = run.pointee.reach
    run.pointee.reach = .out
    guard pointee.hasBridges, let segment = segment(around: run.pointee.start) else {
      pointee.islands -= reach == .island ? 1 : 0
      return (run.pointee.start, run.endAddress)
    }
    let (start, _) = segment.gap(before: run)
    let (end, behind) = segment.gap(behind: run)
    let isBehindBridged = behind?.pointee.reach == .bridged
    if reach == .bridged, isBehindBridged, !hasIslandsLeft { return nil }
    if isBehindBridged { behind?.pointee.reach = .island }
    pointee.islands += (isBehindBridged ? 1 : 0) - (reach == .island ? 1 : 0)
    return (start, end)
  }

  /// Notes that the end of a large object's run is about to be decommitted. False if it must not be.
  /// Requires: the lock of the run pool.
  func splitIsland(behind run: RunPointer) -> Bool {
    assertLocked()
    guard pointee.hasBridges, let segment = segment(around: run.pointee.start),
      let behind = segment.gap(behind: run).run, behind.pointee.reach == .bridged
    else { return true }
    guard hasIslandsLeft else { return false }
    behind.pointee.reach = .island
    pointee.islands += 1
    return true
  }
}

extension UnsafeMutablePointer where Pointee == PageRun {
  fileprivate var committedEnd: UInt {
    pointee.start + (pointee.kind == .large ? LargeObject(self).size : usableBytes)
  }
}

extension UnsafeMutablePointer where Pointee == Segment {
  /// What is out of reach before a run, or accessible without need, and the committed run before that. Stops at a run
  /// that is being changed.
  fileprivate func gap(before run: RunPointer) -> (start: UInt, run: RunPointer?) {
    var start = run.pointee.start
    while start > pointee.base {
      let before = self.run(start - 1)
      if before.pointee.kind == .busy { break }
      if before.pointee.reach != .out { return (before.committedEnd, before) }
      start = before.pointee.start
    }
    return (start, nil)
  }

  /// The same behind a run.
  fileprivate func gap(behind run: RunPointer) -> (end: UInt, run: RunPointer?) {
    var end = run.endAddress
    while contains(end) {
      let behind = descriptor(end)
      if behind.pointee.kind == .busy { break }
      if behind.pointee.reach != .out { return (end, behind) }
      end = behind.endAddress
    }
    return (end, nil)
  }
}
