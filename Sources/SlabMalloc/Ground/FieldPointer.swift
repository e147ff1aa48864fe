/// The address of a field of a struct that lies in memory which nothing moves: of `pointer.pointee.field`.
///
/// A pointer that `withUnsafeMutablePointer` gives ends with its closure by the rules of the language, because the
/// argument may be a temporary copy. A stored field reached through a pointer is none: its address is the struct's and
/// a constant. This is the one place where such an address leaves its closure. Never use it for a computed property or
/// a local variable.
@inline(__always) func fieldPointer<Field: ~Copyable>(_ field: inout Field) -> UnsafeMutablePointer<Field> {
  withUnsafeMutablePointer(to: &field) { $0 }
}
