import CSlabmalloc

/// Objects in and out. Memory is cleared and copied by the callers, without a lock.
extension UnsafeMutablePointer where Pointee == SharedZone {
  /// Allocates from the own zone, then from others. The body does it with a zone; `nowait` is passed to it, and is true
  /// for others.
  @inline(__always) func allocate(
    nowait: Bool = false, status: inout Status,
    _ body: (ZonePointer, _ nowait: Bool, inout Status) -> UnsafeMutableRawPointer?
  ) -> UnsafeMutableRawPointer? {
    own.locked { body($0, nowait, &status) } ?? allocateElsewhere(status: &status, body)
  }

  /// What the own zone could not get may be in another's, as a slot or as an empty page; else it is in the reserve. A
  /// write that was found in a hardened zone's memory ends the call, wherever it is found.
  @inline(never) func allocateElsewhere(
    status: inout Status, _ body: (ZonePointer, _ nowait: Bool, inout Status) -> UnsafeMutableRawPointer?
  ) -> UnsafeMutableRawPointer? {
    guard pointee.cpuCount != 0, !status.reportsWrite, status != .invalidLayout else { return nil }
    var memory: UnsafeMutableRawPointer?
    var why = Status.ok
    forEachFromNext {
      memory = body($0, true, &why)
      return memory == nil && !why.reportsWrite
    }
    if memory != nil { status = .ok } else if why.reportsWrite { status = why }
    return memory
  }
}
