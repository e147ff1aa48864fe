import Synchronization

/// Guard pages: of a hardened process's address space only what slabs, large objects and metadata use can be touched.
///
///     | slab ........ | guard | free | large object ....... | rest | guard | free |
///                      \____________/                        \___________________/  faults
///
/// A run has a page more than is asked for, which is never made usable, and a free run is out of reach. So what runs over an end
/// or before a start faults, and so does what touches a large object after it was freed. The lock is held, unless it says
/// otherwise.
///
/// What the system refuses to put out of reach may be written to after it was purged, and then reads as something else than 0. From the
/// first time on all is purged once more before it is used.
extension UnsafeMutablePointer where Pointee == ProcessHeap {
  /// A run as `takeRun` gives it, with so many usable pages; of a hardened process all of them read as 0. Nil if the system has
  /// no more memory.
  func takeGuardedRun(_ pages: UInt) -> RunPointer? {
    guard isHardened else { return takeRun(pages) }
    guard let run = takeRun(pages + 1) else { return nil }
    guard open(run, pages << PageRun.pageShift) else {
      addFree(run, isClean: run.pointee.isClean)
      return nil
    }
    if !run.pointee.isClean { ZeroMemory.clear(run.pointee.start, pages << PageRun.pageShift) }
    return run
  }

  /// Makes the first bytes of a run usable that `takeRun` gave to a hardened process; if it is dirty, they want clearing. False if
  /// the system refuses.
  func open(_ run: RunPointer, _ bytes: UInt) -> Bool {
    if !commit(run.pointee.start, bytes), !openWithoutMapping(run, bytes) {
      // A limit on usable memory, of which slabs' runs that are kept have some.
      while purgeKept(olderThan: UInt.max) {}
      guard commit(run.pointee.start, bytes) else { return false }
    }
    run.pointee.isGuarded = true
    if run.pointee.isClean { run.pointee.isClean = isStillClear(run.pointee.start, bytes) }
    return true
  }

  /// The system knows only so many mappings. With what lies between them, the memory of the run before and this run's become one:
  ///
  ///     | large object .... | rest | guard | this run |
  ///                         start           \_________ bytes from here on
  private func openWithoutMapping(_ run: RunPointer, _ bytes: UInt) -> Bool {
    guard let reserve = reserve(around: run.pointee.start), run.pointee.start > reserve.pointee.base else {
      return false
    }
    let before = reserve.run(run.pointee.start - 1)
    let start: UInt
    switch before.pointee.kind {
    case .slab, .metadata: start = before.pointee.start + before.usableBytes
    case .large:
      start = before.pointee.start + before.pointee.size
      // Its object may overflow into the rest, and grow into it later.
      before.pointee.isClean = false
    case .unused, .free, .kept, .busy: return false
    }
    return commit(start, run.pointee.start + bytes - start)
  }

  /// Puts a run out of reach that a hardened process used, or its end from an address on. If the system refuses, it stays as it is.
  /// Called with or without the lock.
  func close(_ run: RunPointer, from start: UInt? = nil) {
    let start = start ?? run.pointee.start
    let memory = UnsafeMutableRawPointer(bitPattern: start).unsafelyUnwrapped
    guard pointee.system.protect(memory, Int(run.endAddress - start)) != 0 else { return }
    anyLeftOpen.pointee.store(1, ordering: .relaxed)
  }

  private var anyLeftOpen: UnsafeMutablePointer<Atomic<UInt32>> {
    raw.advanced(by: 40).assumingMemoryBound(to: Atomic<UInt32>.self)
  }

  /// Whether memory that was clean when it was last purged still is. Called with or without the lock.
  private func isStillClear(_ address: UInt, _ bytes: UInt) -> Bool {
    guard anyLeftOpen.pointee.load(ordering: .relaxed) != 0 else { return true }
    return pointee.system.purge(UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped, Int(bytes)) == 0
  }

  /// Makes so many bytes of a large object's run usable, no more and no less. False if the system refuses. Called without the lock.
  func openOrClose(_ run: RunPointer, _ bytes: UInt) -> Bool {
    let (old, end) = (run.pointee.size, run.pointee.start + run.pointee.size)
    if bytes == old { return true }
    if bytes < old {
      run.pointee.isClean = false
      close(run, from: run.pointee.start + bytes)
      return true
    }
    guard commit(end, bytes - old) else { return false }
    if !run.pointee.isClean || !isStillClear(end, bytes - old) { ZeroMemory.clear(end, bytes - old) }
    return true
  }

  private func commit(_ address: UInt, _ bytes: UInt) -> Bool {
    pointee.system.commit(UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped, Int(bytes)) == 0
  }
}

extension UnsafeMutablePointer where Pointee == PageRun {
  /// Bytes before the guard page.
  var usableBytes: UInt { bytes - (pointee.isGuarded ? PageRun.pageSize : 0) }
}
