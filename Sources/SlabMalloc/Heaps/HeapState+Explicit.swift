import CSlabmalloc

/// What a program does with a heap of its own and the objects in it. Misuse is returned, not reported.
///
/// Owner: only the thread that uses the heap runs these.
extension UnsafeMutablePointer where Pointee == HeapState {
  /// Whether this is a heap that a program made and has not destroyed.
  var isExplicitHeap: Bool { isInitialized && pointee.isExplicit }

  /// Why an address is not that of a live object of this heap; ok, and its run, if it is.
  func look(at address: UInt) -> (status: Status, run: RunPointer) {
    guard let run = pool.runs.run(around: address), owns(run) else { return (.foreignPointer, .at(address)) }
    let refusal = pool.refusal(of: address, run)
    guard refusal == .ok else { return (refusal, run) }
    if run.pointee.kind == .slab, run.isHardened, !run.hasCanary(address, pool) { return (.overflow, run) }
    return (.ok, run)
  }

  /// Whether an address lies in a slab or a large object of this heap.
  func owns(_ address: UInt) -> Bool { pool.runs.run(around: address).map { owns($0) } ?? false }

  private func owns(_ run: RunPointer) -> Bool {
    switch run.pointee.kind {
    case .slab: run.currentOwner.alone == address
    case .large: LargeObject(run).heapAddress == address
    case .unused, .free, .kept, .busy, .metadata: false
    }
  }

  /// Frees an object of this heap.
  func deallocateOwn(_ address: UInt) -> Status {
    guard isExplicitHeap else { return .notInitialized }
    guard address != 0 else { return .ok }
    let (status, run) = look(at: address)
    return status == .ok ? deallocateOwn(address, run) : status
  }

  /// Frees an object of this heap that was allocated with a size and an alignment. Profile fast does not check them.
  func deallocateOwn(_ address: UInt, size: UInt, alignment: UInt) -> Status {
    guard isExplicitHeap else { return .notInitialized }
    guard address != 0 else { return .ok }
    let (status, run) = look(at: address)
    guard status == .ok else { return status }
    let isChecked = pool.runs.pointee.options.profile != .fast
    guard !isChecked || pool.matches(address, run, size: size, alignment: alignment) else { return .layoutMismatch }
    return deallocateOwn(address, run)
  }

  private func deallocateOwn(_ address: UInt, _ run: RunPointer) -> Status {
    run.pointee.kind == .large ? pool.deallocateLarge(address) : deallocate(address, run)
  }

  /// Changes the size of an object, which stays in this heap. 0 if that can't be: the object is then unchanged.
  func reallocateOwn(_ address: UInt, _ size: UInt, alignment: UInt) -> UInt {
    guard isExplicitHeap else { return noMemory() }
    guard address != 0 else {
      return alignment == 1 ? UInt(bitPattern: allocate(size)) : allocate(size, alignment: alignment)
    }
    let (status, run) = look(at: address)
    return status == .ok ? reallocate(address, run, size, alignment: alignment) : 0
  }

  /// Changes the size of an object where it is. A large object grows if the pages behind it are free.
  func resizeOwn(_ address: UInt, _ size: UInt) -> Status {
    guard isExplicitHeap else { return .notInitialized }
    let (status, run) = look(at: address)
    guard status == .ok else { return status }
    if size <= pool.objectSize(run) { return .ok }
    return run.pointee.kind == .large && pool.resizeLarge(run, size) ? .ok : .cannotResize
  }

  func usableSizeOwn(_ address: UInt) -> UInt {
    guard isExplicitHeap, address != 0 else { return 0 }
    let (status, run) = look(at: address)
    return status == .ok ? pool.objectSize(run) : 0
  }
}
