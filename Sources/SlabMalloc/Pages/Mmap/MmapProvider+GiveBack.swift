import CSlabPort

/// Giving pages and runs back to the mmap provider, and resizing runs.
extension UnsafeMutablePointer where Pointee == MmapProvider {
  func giveBack(_ address: UInt, _ page: PageSize) {
    guard page.isLarge || page == MmapProvider.page else { return }
    giveBack(address, page.size, asLarge: page.isLarge)
  }

  func giveBackRun(_ address: UInt, size: UInt) { giveBack(address, size, asLarge: false) }

  private func giveBack(_ address: UInt, _ size: UInt, asLarge: Bool) {
    pointee.lock.acquire()
    let region = arena(of: address)
    let isTaken = region.map { $0.isTaken(address, size: size, asLarge: asLarge) } ?? false
    pointee.lock.release()
    guard isTaken, let region else { return }
    // The pages still belong to the caller, and discarding their memory needs no lock.
    slm_port_discard(UnsafeMutableRawPointer(bitPattern: address), Int(size))
    pointee.lock.acquire()
    let surplus = forget(region, address, size, asLarge: asLarge)
    pointee.lock.release()
    if surplus != 0 { slm_port_unmap(UnsafeMutableRawPointer(bitPattern: Self.base(region)), Int(surplus)) }
  }

  /// Takes pages back into their arena. Returns the size of the arena if it is to be unmapped, else 0.
  private func forget(_ region: RegionPointer, _ address: UInt, _ size: UInt, asLarge: Bool) -> UInt {
    let wasFull = region.pointee.freePages == 0
    let isDone = asLarge ? region.giveBack(address, .large) : region.giveBackRun(address, size: size)
    guard isDone else { return 0 }
    if asLarge {
      pointee.ledger.giveBack(.large)
    } else {
      pointee.ledger.giveBack(pages: size / MmapProvider.page.size)
    }
    let isOfOneRun = region.pointee.isOfOneRun
    if wasFull && !isOfOneRun { pointee.open.push(region) }
    guard region.isWhole else { return 0 }
    guard isOfOneRun || pointee.wholeArenas == 1 else {
      pointee.wholeArenas = 1
      return 0
    }
    if !isOfOneRun { pointee.open.remove(region) }
    let arenaSize = Self.size(region)
    setArena(region, arenaSize, false)
    return arenaSize
  }

  /// Gives a run another size where it is. The pages behind a long run become accessible when it grows.
  func resizeRun(_ address: UInt, from old: UInt, to new: UInt) -> Bool {
    pointee.lock.acquire()
    guard let region = arena(of: address), region.isTaken(address, size: old, asLarge: false) else {
      pointee.lock.release()
      return false
    }
    guard new > old else {
      pointee.lock.release()
      guard new != 0, new & MmapProvider.page.mask == 0 else { return false }
      if new < old { giveBackRun(address &+ new, size: old &- new) }
      return true
    }
    defer { pointee.lock.release() }
    guard region.resizeRun(address, from: old, to: new) else { return false }
    let (end, more) = (address &+ old, new &- old)
    if region.pointee.isOfOneRun, slm_port_commit(UnsafeMutableRawPointer(bitPattern: end), Int(more)) != 0 {
      region.giveBackRun(end, size: more)
      return false
    }
    if region.pointee.freePages == 0 && !region.pointee.isOfOneRun { pointee.open.remove(region) }
    pointee.ledger.take(pages: more / MmapProvider.page.size)
    return true
  }
}
