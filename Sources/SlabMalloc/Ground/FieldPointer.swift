/// The address of `pointer.pointee.field`: a field of a struct in memory that nothing moves.
///
/// By the rules of the language, a pointer from `withUnsafeMutablePointer` ends with its closure, because the argument
/// may be a temporary copy. A stored field that is reached through a pointer is no copy: its address is the struct's
/// address plus a constant. This function is the one place where such an address leaves its closure. Never use it for a
/// computed property or a local variable.
@inline(__always) func fieldPointer<Field: ~Copyable>(_ field: inout Field) -> UnsafeMutablePointer<Field> {
  withUnsafeMutablePointer(to: &field) { $0 }
}
