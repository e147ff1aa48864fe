import CSlabPort

extension UnsafeMutablePointer where Pointee == HeapState {
  /// Serves a call of a thread without a heap. A heap that was destroyed has no stand-in: there is no memory.
  @inline(__always) func standIn(_ body: (slm_port_stand_in) -> UInt) -> UInt {
    guard let standIn = pointee.standIn else { return noMemory() }
    return body(standIn.pointee)
  }
}
