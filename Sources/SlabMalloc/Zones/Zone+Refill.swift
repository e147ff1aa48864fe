import CSlabmalloc

/// Pages in. They come from the client by `refill`, or from the provider, and pass the same checks: they are aligned,
/// and no allocator owns a part of them, as far as the zone can know. The owner's seal in a slab's descriptor shows
/// that another allocator has it.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Pushes a page or a run to the bin of a layout, or for a large object.
  func refill(size: UInt, alignment: UInt, page address: UInt, pageSize: UInt) -> Status {
    guard isInitialized else { return .notInitialized }
    guard let index = classIndex(size: size, alignment: alignment) else {
      guard !Build.isSmall, canServeRun(size: size, alignment: alignment) else { return .invalidLayout }
      return pointee.hasRuns ? refillRun(address, pageSize, size: size, alignment: alignment) : .invalidLayout
    }
    return refill(bin(index), page: address, pageSize: pageSize)
  }

  /// Takes in pages of the client, within the limits.
  func refill(_ bin: BinPointer, page address: UInt, pageSize: UInt) -> Status {
    guard accepts(pageSize, bin) else { return .wrongPageSize }
    if Build.isSmall { return takeIn(address, pageSize, for: bin) }
    guard canBeRun(address, pageSize, alignment: slabAlignment(pageSize, bin)) else { return .badPage }
    var status = charge(pageSize)
    guard status == .ok else { return status }
    status = takeIn(address, pageSize, for: bin)
    if status != .ok { uncharge(pageSize) }
    return status
  }

  /// Makes a run of pages a slab of the bin.
  ///
  /// The entries of its pages come first, and no lookup finds a slab by them. If a leaf of the directory is full
  /// meanwhile, the zone takes a table. The entries lead to the slab after it was carved.
  func takeIn(_ address: UInt, _ bytes: UInt, for bin: BinPointer) -> Status {
    guard canBeRun(address, bytes, alignment: slabAlignment(bytes, bin)), pointee.directory != nil else {
      return .badPage
    }
    if Build.isSmall { return takeInSmall(address, for: bin) }
    if let constructor {
      guard !isConstructing(for: context) else { return .reentrant }
      if !isHardened { return takeIn(address, bytes, for: bin, constructor) }
    }
    return enter(address, bytes, to: bin)
  }

  /// Enters pages into the directory and makes them a slab. `constructed` is the slab if its objects are constructed
  /// already.
  #if SLM_HOSTED
    @inline(__always)
  #else
    @inline(never)
  #endif
  func enter(
    _ address: UInt, _ bytes: UInt, to bin: BinPointer, constructed: SlabPointer? = nil
  ) -> Status {
    var coming = LargeComingIn(address: address, next: nil)
    return withUnsafeMutablePointer(to: &coming) { enter(address, bytes, to: bin, constructed, $0) }
  }

  private func enter(
    _ address: UInt, _ bytes: UInt, to bin: BinPointer, _ constructed: SlabPointer?,
    _ coming: UnsafeMutablePointer<LargeComingIn>
  ) -> Status {
    let directory = pointee.directory.unsafelyUnwrapped
    let step = entryStep(bytes)
    var (entered, lodgers) = (UInt(0), UInt8(0))
    while true {
      let status = directory.change {
        let status = enter(address, bytes, by: step, &entered, isOurs: constructed != nil)
        if status == .ok, isLargeEntry(bytes) { directory.begin(coming) }
        return status
      }
      if status == .ok { break }
      let next = address &+ entered
      var why = status
      if status == .outOfMemory {
        if growDirectory(for: next, &why) { continue }
        if isInitialized, lodgeIfAlone(next, bytes, for: bin, &lodgers, constructed) { continue }
      }
      guard isInitialized else { return .notInitialized }
      directory.change {
        removeEntries(address, entered, by: step)
        if lodgers != 0 { directory.pointee.comingIn -= 1 }
      }
      guard status == .outOfMemory, constructed == nil, let kept = keepForTables(address, bytes, of: bin) else {
        return why
      }
      return kept == bytes ? .ok : enter(address &+ kept, bytes &- kept, to: bin, nil, coming)
    }
    add(address, bytes, by: step, to: bin, lodgers, coming)
    return .ok
  }

  private func takeInSmall(_ address: UInt, for bin: BinPointer) -> Status {
    let directory = pointee.directory.unsafelyUnwrapped
    if directory.findInChain(address) != nil || isSealed(endingAt: address &+ page.size) { return .pageOwned }
    let slab = SlabPointer.ending(with: directory.key(of: address))
    carve(slab, from: address, for: bin)
    directory.insertIntoChain(slab)
    countTaken(page.size)
    bin.add(slab)
    checkInvariants()
    return .ok
  }

  /// Enters pages from `entered` on into the directory, as far as there is room. The seal of pages that are ours is no
  /// other allocator's.
  private func enter(
    _ address: UInt, _ bytes: UInt, by step: UInt, _ entered: inout UInt, isOurs: Bool
  ) -> Status {
    let directory = pointee.directory.unsafelyUnwrapped
    if directory.holdsAny(address &+ entered, bytes &- entered) { return .pageOwned }
    if entered == 0, !isOurs, isSealed(endingAt: address &+ bytes) { return .pageOwned }
    while entered < bytes {
      guard directory.enter(address &+ entered) else { return .outOfMemory }
      entered &+= step
    }
    return .ok
  }

  /// Lodges a table in a page that has one entry. Of a run with more, pages may have been entered that must leave
  /// again.
  private func lodgeIfAlone(
    _ address: UInt, _ bytes: UInt, for bin: BinPointer, _ lodgers: inout UInt8, _ constructed: SlabPointer?
  ) -> Bool {
    guard bytes == page.size || isLargeEntry(bytes) else { return false }
    return lodge(address, bytes, for: bin, &lodgers, constructed)
  }

  private func add(
    _ address: UInt, _ bytes: UInt, by step: UInt, to bin: BinPointer, _ lodgers: UInt8,
    _ coming: UnsafeMutablePointer<LargeComingIn>
  ) {
    let directory = pointee.directory.unsafelyUnwrapped
    let slab = SlabPointer.ending(with: address &+ bytes &- 1)
    carve(slab, from: address, for: bin, lodgers: lodgers)
    directory.change {
      for offset in stride(from: 0, to: bytes, by: Int(step)) {
        directory.setDistance(address &+ offset, (bytes &- offset &- 1) &>> UInt(page.shift))
      }
      if lodgers != 0 { directory.pointee.comingIn -= 1 }
      if isLargeEntry(bytes) { directory.end(coming) }
    }
    countTaken(bytes)
    bin.add(slab)
    checkInvariants()
  }

  /// Whether a slab of this size has one entry, as large pages have.
  @inline(__always) private func isLargeEntry(_ bytes: UInt) -> Bool {
    !Build.isSmall && bytes == PageSize.large.size
  }

  /// The distance between the pages of a slab that have an entry.
  private func entryStep(_ bytes: UInt) -> UInt { isLargeEntry(bytes) ? bytes : page.size }

  private func removeEntries(_ address: UInt, _ bytes: UInt, by step: UInt) {
    let directory = pointee.directory.unsafelyUnwrapped
    for offset in stride(from: 0, to: bytes, by: Int(step)) { directory.remove(address &+ offset) }
  }

  func canBeRun(_ address: UInt, _ bytes: UInt, alignment: UInt) -> Bool {
    address != 0 && address & (alignment &- 1) == 0 && address & page.mask == 0 && bytes &- 1 <= UInt.max &- address
  }

  /// Whether another allocator owns a slab that ends here. Reading it is safe, because the page belongs to the caller.
  func isSealed(endingAt end: UInt) -> Bool {
    let slab = SlabPointer.ending(with: end &- 1)
    return slab.pointee.seal == slab.ownedSeal
  }

  /// Takes a slab out of the zone and clears its seal. The caller gives the pages back, or away. With `isMoving` they
  /// go on counting to the limits, and another ledger counts them. Destroys constructed objects, without the lock.
  func remove(_ slab: SlabPointer, isMoving: Bool = false) -> (address: UInt, bytes: UInt) {
    let (start, bytes) = (slab.pointee.start, slab.bytes)
    let directory = pointee.directory.unsafelyUnwrapped
    if Build.isSmall {
      directory.removeFromChain(slab)
    } else {
      directory.change { removeEntries(start, bytes, by: entryStep(bytes)) }
    }
    slab.pointee.seal = 0
    if isHardened { slab.clearGuards() }
    if !Build.isSmall { pointee.departures &+= 1 }
    countGone(bytes, isMoving: isMoving)
    destroyObjects(slab)
    return (start, bytes)
  }
}
