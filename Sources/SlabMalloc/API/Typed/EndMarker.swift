/// A field that makes a container end.
///
/// Swift 6.3 forgets the deinitializer of a type from another module, without optimisation, if one of its fields is of
/// a generic parameter's type and all of them are trivial. A field with a deinitializer of its own, of no bytes, keeps
/// it. The tests of each container fail where one lacks its marker.
@usableFromInline
struct EndMarker: ~Copyable {
  @inlinable @inline(__always) init() {}
  @inlinable @inline(__always) deinit {}
}
