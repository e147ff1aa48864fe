extension UnsafeMutablePointer where Pointee == HeapState {
  @inline(__always) func checkInvariants() {}
}
extension UnsafeMutablePointer where Pointee == HeapPool {
  @inline(__always) func checkInvariants() {}
}
