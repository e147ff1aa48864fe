import CSlabmalloc

/// Objects in and out. The callers clear and copy memory, without a lock.
extension UnsafeMutablePointer where Pointee == SharedZone {
  @inline(never) func allocate(
    size: UInt, alignment: UInt, nowait: Bool, status: inout Status
  ) -> UnsafeMutableRawPointer? {
    if first.zone.classIndex(size: size, alignment: alignment) == nil {
      // The zone of the reserves has the large objects.
      return reserves.locked { $0.allocate(size: size, alignment: alignment, nowait: nowait, status: &status) }
    }
    return allocate(nowait: nowait, status: &status) {
      $0.allocate(size: size, alignment: alignment, nowait: $1, status: &$2)
    }
  }

  /// Allocates from the own zone, then from the others. The body allocates from one zone. It receives `nowait`, which
  /// is true for the others.
  @inline(__always) func allocate(
    nowait: Bool = false, status: inout Status,
    _ body: (ZonePointer, _ nowait: Bool, inout Status) -> UnsafeMutableRawPointer?
  ) -> UnsafeMutableRawPointer? {
    own.lockedInline { body($0, nowait, &status) } ?? allocateElsewhere(status: &status, body)
  }

  /// Allocates from the other CPUs' zones, which may have a slot or an empty page, and at last from the reserves. In a
  /// hardened zone a detected write ends the call, whichever zone detects it, and so does a constructor that refuses.
  @inline(never) func allocateElsewhere(
    status: inout Status, _ body: (ZonePointer, _ nowait: Bool, inout Status) -> UnsafeMutableRawPointer?
  ) -> UnsafeMutableRawPointer? {
    guard pointee.cpuCount != 0, !ends(status), status != .invalidLayout else { return nil }
    var memory: UnsafeMutableRawPointer?
    var why = Status.ok
    forEachFromNext {
      memory = body($0, true, &why)
      return memory == nil && !ends(why)
    }
    if memory != nil { status = .ok } else if ends(why) { status = why }
    return memory
  }

  /// Whether no other zone is asked after this failure. A hardened zone has no constructed objects at hand, and would
  /// only call the constructor again.
  private func ends(_ failure: Status) -> Bool {
    guard !failure.reportsWrite else { return true }
    guard failure == .constructorFailed || failure == .reentrant else { return false }
    return first.zone.isHardened && first.zone.constructor != nil
  }
}
