import CSlabPort
import CSlabmalloc
import Synchronization

/// Objects that change their size.
///
/// An object that becomes smaller, or that its slot holds anyway, never fails: without memory for another place it
/// stays where it is.
extension UnsafeMutablePointer where Pointee == HeapState {
  /// Changes the size of an object of any heap; this is the heap of the thread. 0 if that can't be: the object is then
  /// unchanged.
  func reallocate(_ address: UInt, _ size: UInt) -> UInt {
    guard isInitialized else { return standIn { $0.reallocate(address, size, raw) } }
    guard let run = pool.liveRun(address) else { return 0 }
    if let owner = run.explicitOwner, owner != self { return reallocate(address, run, size, ofExplicit: owner) }
    return reallocate(address, run, size, alignment: 1)
  }

  /// Changes the size of a live object of the process, or of this heap if it is explicit.
  func reallocate(_ address: UInt, _ run: RunPointer, _ size: UInt, alignment: UInt) -> UInt {
    let isAligned = address & (alignment &- 1) == 0
    let index = pool.sizeClass(size, alignment: alignment)
    if run.pointee.kind == .slab {
      if isAligned, index == UInt(run.pointee.binIndex) { return address }
    } else {
      if isAligned, index == nil, pool.resizeLarge(run, size, anySize: alignment > 1) { return address }
      if index == nil {
        return pool.moveLarge(run, size, alignment: alignment, for: pointee.isExplicit ? self : nil)
      }
    }
    return move(address, run, size, canStay: isAligned) {
      alignment == 1 ? UInt(bitPattern: allocate(size)) : allocate(size, alignment: alignment)
    }
  }

  /// Moves an object to the place that the body allocates.
  private func move(
    _ address: UInt, _ run: RunPointer, _ size: UInt, canStay: Bool, _ allocate: () -> UInt
  ) -> UInt {
    let room = pool.objectSize(run)
    let saved = slm_port_errno()
    let new = allocate()
    guard let to = UnsafeMutableRawPointer(bitPattern: new), let from = UnsafeMutableRawPointer(bitPattern: address)
    else {
      guard canStay, size <= room else { return 0 }
      slm_port_set_errno(saved)
      return pool.stay(address, run, size)
    }
    to.copyMemory(from: from, byteCount: Int(min(size, room)))
    _ = deallocate(address, pool)
    return new
  }
}

extension UnsafeMutablePointer where Pointee == PageRun {
  /// The explicit heap that a live object in this run belongs to. It can't change while the object lives.
  var explicitOwner: HeapPointer? {
    if pointee.kind == .large { return LargeObject(self).heap }
    guard let owner = currentOwner.heap, owner.pointee.isExplicit else { return nil }
    return owner
  }
}

extension UnsafeMutablePointer where Pointee == HeapState {
  /// Changes the size of an object of an explicit heap, for a thread that may not be that heap's: slm_realloc() does
  /// not know.
  ///
  /// Such a thread may not touch the heap's bins, and the object may not leave the heap. What changes under the lock of
  /// the run pool is safe for any thread: the object becomes a large one, in a run that the heap lists, whatever its
  /// size.
  private func reallocate(_ address: UInt, _ run: RunPointer, _ size: UInt, ofExplicit heap: HeapPointer) -> UInt {
    if run.pointee.kind == .large {
      return pool.resizeLarge(run, size, anySize: true) ? address : pool.moveLarge(run, size, for: heap)
    }
    if pool.sizeClass(size, alignment: 1) == UInt(run.pointee.binIndex) { return address }
    return move(address, run, size, canStay: true) { pool.allocateLarge(size, alignment: 1, for: heap).start }
  }
}
