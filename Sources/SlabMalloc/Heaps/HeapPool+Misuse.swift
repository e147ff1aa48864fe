import CSlabmalloc

/// What a pointer is that is no live object, and where that is reported.
extension UnsafeMutablePointer where Pointee == HeapPool {
  /// Reports a misuse. Returns its kind, if the program has a handler and that returns.
  @inline(never) func report(_ address: UInt, _ kind: Status) -> Status {
    if let report = pointee.report { report(raw, address, kind) }
    return kind
  }

  /// Reports what a look at an address finds. If the object looks live, another thread freed it until now.
  @inline(never) func report(_ address: UInt) -> Status {
    let found = refusal(of: address, runs.run(around: address))
    return report(address, found == .ok ? .doubleFree : found)
  }

  /// Why an address is not that of a live object; ok if it is.
  func refusal(of address: UInt, _ run: RunPointer?) -> Status {
    guard let run else { return .foreignPointer }
    switch run.pointee.kind {
    case .slab:
      let (index, isStart) = run.slot(ofAny: address)
      guard isStart, index < UInt(run.pointee.slotCount) else { return .interiorPointer }
      return run.mark(index).pointee == Mark.used ? .ok : .doubleFree
    case .large: return run.pointee.start == address ? .ok : .interiorPointer
    // Memory that was given back whole, after its last object was freed.
    case .free, .kept, .busy: return FreeRun(run).wasUsed ? .doubleFree : .foreignPointer
    case .unused, .metadata: return .foreignPointer
    }
  }

  /// The run of a live object. nil, after a report, if the address is not that of one.
  func liveRun(_ address: UInt) -> RunPointer? {
    let run = runs.run(around: address)
    let refusal = refusal(of: address, run)
    if refusal == .ok { return run }
    _ = report(address, refusal)
    return nil
  }

  /// Usable bytes of a live object; 0, after a report, if it is none.
  func usableSize(_ address: UInt) -> UInt { liveRun(address).map { objectSize($0) } ?? 0 }

  /// Whether a live object may have been allocated with a size and an alignment; if not, after a report.
  func isRight(_ address: UInt, size: UInt, alignment: UInt) -> Bool {
    guard let run = liveRun(address) else { return false }
    guard !matches(address, run, size: size, alignment: alignment) else { return true }
    _ = report(address, .layoutMismatch)
    return false
  }
}
