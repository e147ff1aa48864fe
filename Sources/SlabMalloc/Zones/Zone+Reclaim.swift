import CSlabmalloc

/// Pages out: reclaim returns empty slabs, and the end of the zone returns all.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Runs that have left the zone, on their way to the provider. They go in batches, because zones per CPU wait for
  /// each other before each batch. Their own first words link them, because stacks of kernels are small:
  ///
  ///     first -> | next | bytes | ... |  ->  | 0 | bytes | ... |
  struct Leaving {
    private(set) var first: UInt = 0
    private(set) var count = 0

    var isFull: Bool { count == 16 }

    mutating func append(_ run: (address: UInt, bytes: UInt)) {
      let words = Leaving.words(run.address)
      words[0] = first
      words[1] = run.bytes
      first = run.address
      count += 1
    }

    static func words(_ run: UInt) -> UnsafeMutablePointer<UInt> {
      UnsafeMutablePointer<UInt>(bitPattern: run).unsafelyUnwrapped
    }
  }

  /// Gives the runs to the provider, without the lock.
  @inline(never) func release(_ leaving: inout Leaving) {
    guard leaving.count != 0 else { return }
    let first = leaving.first
    leaving = Leaving()
    var bytes: UInt = 0
    unlockedSlowly {
      quiesce()
      var run = first
      while run != 0 {
        let (next, size) = (Leaving.words(run)[0], Leaving.words(run)[1])
        bytes &+= size
        release(run, size)
        run = next
      }
    }
    if isInitialized { uncharge(bytes) }
  }

  /// Returns up to this many empty pages of each size to the provider: slabs, runs that no object has, and pages of
  /// unused cells. Returns their numbers.
  func reclaim(basePages baseLimit: Int, largePages largeLimit: Int) -> (base: Int, large: Int) {
    returnReady()
    if Build.isSmall { return (reclaimPages(atMost: baseLimit), 0) }
    var (base, large) = (0, 0)
    var leaving = Leaving()
    while isInitialized, base < baseLimit, let run = takeFreeRun(bytes: nil) {
      base += Int(run.bytes &>> UInt(page.shift))
      leaving.append(run)
      if leaving.isFull { release(&leaving) }
    }
    // There are fewer pages to list now. Tables go, and with them the slabs and the cells that they were in.
    repeat {
      for index in 0..<pointee.binCount {
        while isInitialized, let slab = spare(bin(index), baseLimit - base, largeLimit - large) {
          if isLargePage(slab.bytes) { large += 1 } else { base += Int(slab.bytes &>> UInt(page.shift)) }
          bin(index).removeEmpty(slab)
          leaving.append(remove(slab))
          if leaving.isFull { release(&leaving) }
        }
      }
      while isInitialized, base < baseLimit, let cells = takeUnusedPage() {
        base += 1
        leaving.append((cells, page.size))
        if leaving.isFull { release(&leaving) }
      }
    } while shrinkDirectory()
    release(&leaving)
    checkInvariants()
    return (base, large)
  }

  /// The reclaim of the small library.
  private func reclaimPages(atMost limit: Int) -> Int {
    var count = 0
    while isInitialized, count < limit, let address = takeEmptySlab(page.size, false) {
      release(address, page.size)
      count += 1
    }
    return count
  }

  /// The first empty slab of a bin that is not needed for the reserve and within the limits.
  private func spare(_ bin: BinPointer, _ base: Int, _ large: Int) -> SlabPointer? {
    var candidate = bin.pointee.empty.first
    while let slab = candidate {
      candidate = slab.pointee.next
      let fits = isLargePage(slab.bytes) ? large > 0 : Int(slab.bytes &>> UInt(page.shift)) <= base
      if fits, isIntact(slab), bin.isSpare(slab) { return slab }
    }
    return nil
  }

  /// Gives the empty slabs of other bins back to a provider that may join them to a longer run. False if there is none.
  func giveEmptyBack(besides taker: BinPointer) -> Bool {
    guard pointee.provider.givesRuns else { return false }
    var isAny = false
    for index in 0..<pointee.binCount where bin(index) != taker {
      while isInitialized, bin(index).pointee.emptyCount != 0 {
        var leaving = Leaving()
        while !leaving.isFull, let slab = bin(index).takeSpare({ isIntact($0) }) { leaving.append(remove(slab)) }
        guard leaving.count != 0 else { break }
        isAny = true
        release(&leaving)
      }
    }
    return isAny && isInitialized
  }

  /// Gives empty slabs of a bin back that are more than it keeps. Pages that the client pushes stay until it asks.
  @inline(never) func trim(_ bin: BinPointer) {
    guard pointee.provider.allocate != nil, pointee.provider.release != nil else { return }
    var leaving = Leaving()
    while !leaving.isFull, let slab = bin.takeSpare() { leaving.append(remove(slab)) }
    release(&leaving)
  }

  /// Takes an empty slab, a pushed run without an object, or an unused page of cells, out of the zone for the caller.
  /// With `isMoving` it goes on counting to the limits, and another ledger counts it.
  func takeEmptyPage(_ bytes: UInt, isMoving: Bool = false) -> UInt? {
    guard let address = takeAnyEmptyPage(bytes, isMoving) else { return nil }
    // A lookup of another zone may still read it, also a table in a page of cells.
    if !Build.isSmall, pointee.gate?.pointee.quiesce != nil { unlocked { quiesce() } }
    if !isMoving { uncharge(bytes) }
    return address
  }

  private func takeAnyEmptyPage(_ bytes: UInt, _ isMoving: Bool) -> UInt? {
    guard isInitialized, bytes != 0 else { return nil }
    returnReady()
    if let address = takeEmptySlab(bytes, isMoving) { return address }
    // Tables may lodge in the slabs that are left.
    if shrinkDirectory(), let address = takeEmptySlab(bytes, isMoving) { return address }
    guard bytes != page.size else { return takeUnusedPage(isMoving: isMoving) }
    return Build.isSmall ? nil : takeFreeRun(bytes: bytes, isMoving: isMoving)?.address
  }

  private func takeEmptySlab(_ bytes: UInt, _ isMoving: Bool) -> UInt? {
    for index in 0..<pointee.binCount {
      let bin = bin(index)
      var candidate = bin.pointee.empty.first
      while let slab = candidate {
        candidate = slab.pointee.next
        guard slab.bytes == bytes, bin.isSpare(slab), isIntact(slab) else { continue }
        bin.removeEmpty(slab)
        return remove(slab, isMoving: isMoving).address
      }
    }
    return nil
  }

  /// Returns ready and quarantined slots to their slabs, because current slabs may be empty too, and so may slabs whose
  /// used slots are all in quarantine.
  func returnReady() {
    forgetLast()
    for index in 0..<pointee.binCount { returnReady(bin(index)) }
  }

  func returnReady(_ bin: BinPointer) {
    if !Build.isSmall, let hardening = pointee.hardening { return bin.endQuarantine(hardening) { slab(around: $0) } }
    bin.returnReady { slab(around: $0) }
  }
}
