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
    if let heap = run.explicitHeap { return heap.reallocate(address, run, size, alignment: 1) }
    return reallocate(address, run, size, alignment: 1)
  }

  /// Changes the size of a live object of the process, or of the explicit heap if this is a part.
  func reallocate(_ address: UInt, _ run: RunPointer, _ size: UInt, alignment: UInt) -> UInt {
    let isAligned = address & (alignment &- 1) == 0
    let index = pool.sizeClass(size, alignment: alignment)
    if run.pointee.kind == .slab {
      if isAligned, index == UInt(run.pointee.binIndex) { return pool.keep(address, run, size) }
    } else {
      if isAligned, index == nil, pool.resizeLarge(run, size, anySize: alignment > 1) {
        // For the profile an object of another size is another one.
        pool.endSample(LargeObject(run))
        return countLarge(address)
      }
      if index == nil {
        return countLarge(pool.moveLarge(run, size, alignment: alignment, for: pointee.explicit))
      }
    }
    return move(address, run, size, canStay: isAligned) {
      alignment == 1 ? UInt(bitPattern: allocate(size)) : allocate(size, alignment: alignment)
    }
  }

  private func move(
    _ address: UInt, _ run: RunPointer, _ size: UInt, canStay: Bool, _ allocate: () -> UInt
  ) -> UInt {
    pool.move(address, run, size, canStay: canStay, allocate) { deallocate($0, pool) }
  }
}

extension UnsafeMutablePointer where Pointee == HeapPool {
  /// Leaves an object in its slot, which has room for its new size.
  func keep(_ address: UInt, _ run: RunPointer, _ size: UInt) -> UInt {
    run.setObjectSize(address, size)
    return address
  }

  /// Moves an object to the place that a function allocates, and frees it with the other one.
  func move(
    _ address: UInt, _ run: RunPointer, _ size: UInt, canStay: Bool, _ allocate: () -> UInt, _ free: (UInt) -> Status
  ) -> UInt {
    let room = objectSize(run)
    let saved = slm_port_errno()
    let new = allocate()
    guard let to = UnsafeMutableRawPointer(bitPattern: new), let from = UnsafeMutableRawPointer(bitPattern: address)
    else {
      guard canStay, size <= room else { return 0 }
      slm_port_set_errno(saved)
      return stay(address, run, size)
    }
    to.copyMemory(from: from, byteCount: Int(min(size, room)))
    _ = free(address)
    return new
  }
}

extension UnsafeMutablePointer where Pointee == PageRun {
  /// The explicit heap that the live objects in this run belong to. It can't change while an object lives.
  var explicitHeap: ExplicitHeapPointer? {
    if pointee.kind == .large { return LargeObject(self).heap }
    return currentOwner.heap?.pointee.explicit
  }
}
