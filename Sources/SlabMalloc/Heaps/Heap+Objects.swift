import CSlabmalloc
import Synchronization

/// What else can be done with objects of the process: looked at, freed with a size, moved.
extension UnsafeMutablePointer where Pointee == ProcessHeap {
  /// The run of a live object; nil, after a report, if the address is not that of one.
  func liveRun(_ address: UInt) -> RunPointer? {
    let run = run(around: address)
    let refusal = refusal(of: address, run)
    if refusal == .ok { return run }
    _ = report(address, refusal)
    return nil
  }

  /// Bytes of a live object; 0, after a report, if it is none.
  func usableSize(_ address: UInt) -> UInt { liveRun(address).map { objectSize($0) } ?? 0 }

  /// Whether a live object may have been allocated with a size and an alignment; if not, after a report.
  func isRight(_ address: UInt, size: UInt, alignment: UInt) -> Bool {
    guard let run = liveRun(address) else { return false }
    let isRight: Bool
    if !isPowerOfTwo(alignment) || address & (alignment - 1) != 0 {
      isRight = false
    } else if let index = sizeClass(size, alignment: alignment) {
      isRight = run.pointee.kind == .slab && UInt(run.pointee.binIndex) == index
    } else {
      isRight =
        run.pointee.kind == .large && run.pointee.size == roundUp(max(size, 1), to: UInt(pointee.system.pageSize))
    }
    if !isRight { _ = report(address, Status.layoutMismatch) }
    return isRight
  }

  /// The size that an allocation really gets; 0 if it is impossible.
  func goodSize(_ size: UInt) -> UInt {
    if let index = sizeClass(size, alignment: 1) { return SizeClass.slotSize(index) - canarySize }
    return size <= UInt(Int.max) - PageSize.large.size ? roundUp(size, to: UInt(pointee.system.pageSize)) : 0
  }
}

extension UnsafeMutablePointer where Pointee == HeapState {
  /// Changes the size of an object. 0 if that can't be: then it is as it was.
  func reallocate(_ address: UInt, _ size: UInt) -> UInt {
    guard isInitialized else { return asThread(.realloc(address, size)) { $0.reallocate(address, size) } }
    let process = pointee.process
    guard let run = process.liveRun(address) else { return 0 }
    if run.pointee.kind == .slab {
      if process.sizeClass(size, alignment: 1) == UInt(run.pointee.binIndex) { return address }
    } else {
      if process.resizeLarge(run, size) { return address }
      if process.sizeClass(size, alignment: 1) == nil {
        return process.moveLarge(run, size, for: pointee.isExplicit ? self : nil)
      }
    }
    let new = UInt(bitPattern: allocate(size))
    guard let to = UnsafeMutableRawPointer(bitPattern: new), let from = UnsafeMutableRawPointer(bitPattern: address)
    else {
      return 0
    }
    to.copyMemory(from: from, byteCount: Int(min(size, process.objectSize(run))))
    _ = deallocate(address, process)
    return new
  }
}

extension UnsafeMutablePointer where Pointee == HeapState {
  /// Frees an object of this explicit heap, or says why not: nothing is reported.
  func deallocateOwn(_ address: UInt) -> Status {
    guard isInitialized, pointee.isExplicit else { return .notInitialized }
    guard address != 0 else { return .ok }
    let process = pointee.process
    guard let run = process.run(around: address), isOwn(run) else { return .foreignPointer }
    let refusal = process.refusal(of: address, run)
    guard refusal == .ok else { return refusal }
    if run.pointee.kind == .slab, run.isHardened, !hasCanary(address, run) { return .overflow }
    return run.pointee.kind == .large ? process.deallocateLarge(address) : deallocate(address, run)
  }

  private func isOwn(_ run: RunPointer) -> Bool {
    switch run.pointee.kind {
    case .slab: run.currentOwner.alone == address
    case .large: run.pointee.place == .partial && run.bin.pointee.heap == self
    case .unused, .free, .kept, .busy, .metadata: false
    }
  }
}
