/// Retired slots of a hardened slab: they were written to while they were free. Whoever did it may do it again, and a
/// retired slot is never handed out. It is out, and its slab is never unused.
///
///     available, pending, in quarantine ──> retired          the mark stays for the slab's life
///
/// Owner: only the slab's thread runs this.
extension UnsafeMutablePointer where Pointee == PageRun {
  /// Retires a free slot, wherever it waits. A slot in the quarantine of another heap, which owned the slab before,
  /// stays there, and is retired when it is handed out.
  func retire(_ index: UInt, _ address: UInt) {
    let bin = bin
    guard bin.takePending(index, of: self) || takeAvailable(index) || bin.takeQuarantined(address) else { return }
    mark(index).pointee = Mark.retired
    if pointee.place != .current { bin.updateList(of: self) }
  }

  private func takeAvailable(_ index: UInt) -> Bool {
    let (word, bit) = (Int(index / 64), UInt64(1) &<< UInt64(index & 63))
    guard pointee.words[word] & bit != 0 else { return false }
    pointee.words[word] &= ~bit
    pointee.available &-= 1
    return true
  }
}

extension UnsafeMutablePointer where Pointee == HeapBin {
  fileprivate func takePending(_ index: UInt, of run: RunPointer) -> Bool {
    guard pointee.pending != 0, pointee.current == run else { return false }
    let first = UInt(pointee.wordMarks - run.pointee.marks)
    guard index &- first < 64, pointee.pending &>> UInt64(index &- first) & 1 != 0 else { return false }
    pointee.pending &= ~(UInt64(1) &<< UInt64(index &- first))
    return true
  }

  /// The newest slot in quarantine takes the place.
  fileprivate func takeQuarantined(_ address: UInt) -> Bool {
    let size = UInt(MemoryLayout<ReadySlot>.stride)
    var next = pointee.bottom + size
    while next != pointee.top {
      if Self.ready(at: next).pointee.address == address {
        pointee.top -= size
        Self.ready(at: next).pointee = Self.ready(at: pointee.top).pointee
        return true
      }
      next += size
    }
    return false
  }
}
