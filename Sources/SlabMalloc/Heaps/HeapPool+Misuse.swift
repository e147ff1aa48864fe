import CSlabmalloc

/// What a pointer is that is no live object, and where that is reported.
extension UnsafeMutablePointer where Pointee == HeapPool {
  /// Reports a misuse. Returns its kind, if the program has a handler and that returns.
  @inline(never) func report(_ address: UInt, _ kind: Status, isQuestion: Bool = false) -> Status {
    if let report = pointee.report { report(raw, address, kind, isQuestion) }
    return kind
  }

  /// Reports what a look at an address finds. If the object looks live, another thread freed it until now.
  @inline(never) func report(_ address: UInt) -> Status {
    let found = refusal(of: address, runs.run(around: address))
    return report(address, found == .ok ? .doubleFree : found)
  }

  /// Why an address is not that of a live object; ok if it is.
  func refusal(of address: UInt, _ run: RunPointer?) -> Status {
    guard let run else { return runs.pointee.lone.hasEnded(address) ? .doubleFree : .foreignPointer }
    switch run.pointee.kind {
    case .slab:
      run.readPublished()
      let (index, isStart) = run.slot(ofAny: address)
      guard isStart, index < UInt(run.pointee.slotCount) else { return .interiorPointer }
      return Mark.isUsed(run.mark(index).pointee) ? .ok : .doubleFree
    case .large: return run.pointee.start == address ? .ok : .interiorPointer
    // Memory that was given back whole, after its last object was freed.
    case .free, .kept, .busy: return FreeRun(run).wasUsed ? .doubleFree : .foreignPointer
    case .unused, .metadata: return .foreignPointer
    }
  }

  /// The run of a live object. nil, after a report, if the address is not that of one.
  func liveRun(_ address: UInt, isQuestion: Bool = false) -> RunPointer? {
    let run = runs.run(around: address)
    let refusal = refusal(of: address, run)
    if refusal == .ok { return run }
    _ = report(address, refusal, isQuestion: isQuestion)
    return nil
  }

  /// Usable bytes of a live object; 0, after a report, if it is none.
  func usableSize(_ address: UInt) -> UInt {
    liveRun(address, isQuestion: true).map { usableSize(address, $0) } ?? 0
  }

  /// Usable bytes of a live object, which the program may use from now on: in a hardened heap they are no longer slack.
  func usableSize(_ address: UInt, _ run: RunPointer) -> UInt {
    let size = objectSize(run)
    run.setObjectSize(address, size)
    return size
  }

  /// Whether an address lies in a slab of a size's class. Profile fast does not check sizes.
  func isOfClass(_ address: UInt, _ size: UInt) -> Bool {
    if runs.pointee.options.profile == .fast { return true }
    guard let run = runs.run(around: address), run.pointee.kind == .slab else { return false }
    return UInt(run.pointee.binIndex) == sizeClass(size, alignment: 1)
  }

  /// Whether a live object may have been allocated with an alignment; if not, after a report.
  func isRight(_ address: UInt, alignment: UInt) -> Bool {
    guard let run = liveRun(address) else { return false }
    guard !matches(address, run, alignment: alignment) else { return true }
    _ = report(address, .layoutMismatch)
    return false
  }

  /// Whether a live object may have been allocated with a size and an alignment; if not, after a report.
  func isRight(_ address: UInt, size: UInt, alignment: UInt) -> Bool {
    guard let run = liveRun(address) else { return false }
    guard !matches(address, run, size: size, alignment: alignment) else { return true }
    _ = report(address, .layoutMismatch)
    return false
  }
}
