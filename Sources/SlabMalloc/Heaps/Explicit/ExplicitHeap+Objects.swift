import CSlabPort
import CSlabmalloc
import Synchronization

/// What a program does with an explicit heap and the objects in it. Misuse is returned, not reported. Any thread may
/// run these.
extension UnsafeMutablePointer where Pointee == ExplicitHeap {
  /// Why an address is not that of a live object of this heap; ok, and its run, if it is.
  func look(at address: UInt) -> (status: Status, run: RunPointer) {
    guard let run = pool.runs.run(around: address), owns(run) else { return (.foreignPointer, .at(address)) }
    let refusal = pool.refusal(of: address, run)
    guard refusal == .ok else { return (refusal, run) }
    guard run.pointee.kind == .slab, run.isHardened, !run.isOfEmptyObjects,
      !run.isIntact(address, UInt(run.pointee.slotSize))
    else { return (.ok, run) }
    // Another thread that frees the object at this moment changes the mark before it clears the canary.
    let freed = pool.refusal(of: address, run)
    return (freed == .ok ? .overflow : freed, run)
  }

  /// Whether an address lies in a slab or a large object of this heap.
  func owns(_ address: UInt) -> Bool { pool.runs.run(around: address).map { owns($0) } ?? false }

  func owns(_ run: RunPointer) -> Bool {
    switch run.pointee.kind {
    case .slab, .large: run.explicitHeap == self
    case .unused, .free, .kept, .busy, .metadata: false
    }
  }

  // MARK: Allocation

  func allocate(_ size: UInt, alignment: UInt) -> UInt {
    withPart(orElse: { allocateWithoutPart(size, alignment) }) { $0.allocate(size, alignment: alignment) }
  }

  func allocateZeroed(_ size: UInt, alignment: UInt = 1) -> UInt {
    withPart(orElse: { pool.allocateLargeZeroed(size, alignment: alignment, for: self) }) {
      $0.allocateZeroed(size, alignment: alignment)
    }
  }

  /// Any thread may take a run for the heap, which lists it as that of a large object.
  private func allocateWithoutPart(_ size: UInt, _ alignment: UInt) -> UInt {
    pool.allocateLarge(size, alignment: alignment, for: self).start
  }

  // MARK: Deallocation

  func deallocate(_ address: UInt) -> Status {
    guard isInitialized else { return .notInitialized }
    guard address != 0 else { return .ok }
    let (status, run) = look(at: address)
    return status == .ok ? deallocate(address, run) : status
  }

  /// Frees an object that was allocated with a size and an alignment. Profile fast does not check them.
  func deallocate(_ address: UInt, size: UInt, alignment: UInt) -> Status {
    guard isInitialized else { return .notInitialized }
    guard address != 0 else { return .ok }
    let (status, run) = look(at: address)
    guard status == .ok else { return status }
    let isChecked = pool.runs.pointee.options.profile != .fast
    guard !isChecked || pool.matches(address, run, size: size, alignment: alignment) else { return .layoutMismatch }
    return deallocate(address, run)
  }

  private func deallocate(_ address: UInt, _ run: RunPointer) -> Status {
    if run.pointee.kind == .large { return pool.deallocateLarge(address, reports: false) }
    guard let part, run.currentOwner.alone == part.address else { return deallocateRemotely(address, run) }
    return part.deallocate(address, run, run.bin)
  }

  /// Frees a slot of another thread's part, see `HeapState+Remote`. A part's slab is nobody's at no time.
  private func deallocateRemotely(_ address: UInt, _ run: RunPointer) -> Status {
    let index = run.slot(ofAny: address).index
    let refusal = pool.markRemote(address, run, index)
    guard refusal == .ok else { return refusal }
    let before = run.addRemoteFree()
    guard before.isOneIn64 else { return .ok }
    let free = run.tellOwner(before, index)
    _ = part?.collectRemote()
    return free == .counted ? .ok : .doubleFree
  }

  // MARK: Other sizes

  /// Changes the size of an object, which stays in this heap. 0 if that can't be: the object is then unchanged.
  func reallocate(_ address: UInt, _ size: UInt, alignment: UInt) -> UInt {
    guard isInitialized else { return noMemory() }
    guard address != 0 else { return allocate(size, alignment: alignment) }
    let (status, run) = look(at: address)
    return status == .ok ? reallocate(address, run, size, alignment: alignment) : 0
  }

  /// Changes the size of a live object of this heap.
  func reallocate(_ address: UInt, _ run: RunPointer, _ size: UInt, alignment: UInt) -> UInt {
    withPart(orElse: { reallocateWithoutPart(address, run, size, alignment) }) {
      $0.reallocate(address, run, size, alignment: alignment)
    }
  }

  /// The object becomes a large one, whatever its size.
  private func reallocateWithoutPart(_ address: UInt, _ run: RunPointer, _ size: UInt, _ alignment: UInt) -> UInt {
    let isAligned = address & (alignment &- 1) == 0
    if run.pointee.kind == .large {
      if isAligned, pool.resizeLarge(run, size, anySize: true) { return address }
      return pool.moveLarge(run, size, alignment: alignment, for: self)
    }
    if isAligned, pool.sizeClass(size, alignment: alignment) == UInt(run.pointee.binIndex) {
      return pool.keep(address, run, size)
    }
    return pool.move(
      address, run, size, canStay: isAligned, { allocateWithoutPart(size, alignment) }, { deallocate($0, run) })
  }

  /// Changes the size of an object where it is. A large object grows if the pages behind it are free.
  func resize(_ address: UInt, _ size: UInt) -> Status {
    guard isInitialized else { return .notInitialized }
    let (status, run) = look(at: address)
    guard status == .ok else { return status }
    if size <= pool.objectSize(run) {
      run.setObjectSize(address, size)
      return .ok
    }
    return run.pointee.kind == .large && pool.resizeLarge(run, size) ? .ok : .cannotResize
  }

  func usableSize(_ address: UInt) -> UInt {
    guard isInitialized, address != 0 else { return 0 }
    let (status, run) = look(at: address)
    return status == .ok ? pool.usableSize(address, run) : 0
  }
}

/// The thread has no part yet, or this is no heap.
///
/// The heap comes first and the size second: that is where the fast path has them, so it leaves by a jump.
/// - Parameter heap: an `ExplicitHeap`.
@c(slm_core_explicit_heap_allocate)
@inline(never)
@usableFromInline
func explicitHeapAllocate(_ heap: UnsafeMutableRawPointer, _ size: UInt) -> UInt {
  heap.assumingMemoryBound(to: ExplicitHeap.self).allocate(size, alignment: 1)
}
