/// Visits to the live values of a pool, in the order of their slots.
///
extension PoolIn where Element: ~Copyable, Source: ~Escapable {
  /// Calls a closure with each live value and its handle. The pool cannot be changed meanwhile.
  @inlinable
  public func forEach<Failure: Error>(_ body: (Handle, borrowing Element) throws(Failure) -> Void) throws(Failure) {
    var index: UInt32 = 0
    while index < fresh {
      let generation = header(index).pointee.generation
      if generation & 1 == 1 { try body(Handle(index: index, generation: generation), element(index).pointee) }
      index = nextIndex(index)
    }
  }

  /// Ends the values for which a closure returns true. Returns their number.
  ///
  /// The values end within this call: their deinitializers cannot use this pool.
  @inlinable @discardableResult
  @_lifetime(self: copy self)
  public mutating func removeAll(where shouldRemove: (borrowing Element) -> Bool) -> Int {
    var removed = 0
    var index: UInt32 = 0
    while index < fresh {
      if header(index).pointee.generation & 1 == 1, shouldRemove(element(index).pointee) {
        element(index).deinitialize(count: 1)
        free(index)
        removed += 1
      }
      index = nextIndex(index)
    }
    return removed
  }

  /// The handle of the first live value at or behind a place, and the place behind it.
  @inlinable
  func live(from index: UInt32) -> (handle: Handle, next: UInt32)? {
    var index = index
    while index < fresh {
      let generation = header(index).pointee.generation
      if generation & 1 == 1 { return (Handle(index: index, generation: generation), nextIndex(index)) }
      index = nextIndex(index)
    }
    return nil
  }

  /// The handle of the first live value; nil if there is none.
  @inlinable public var first: Handle? { live(from: 0)?.handle }

  /// The handle of the next live value behind a handle's slot, whether the handle is stale or not. The pool may be
  /// changed between two calls: values that come or go meanwhile may be met or not.
  ///
  ///     var next = pool.first
  ///     while let handle = next {
  ///       next = pool.handle(after: handle)
  ///       ...
  ///     }
  @inlinable
  public func handle(after handle: Handle) -> Handle? {
    guard handle.index < fresh else { return nil }
    return live(from: nextIndex(handle.index))?.handle
  }
}

extension PoolIn where Source: ~Escapable {
  /// Copies of the live values, in an array. A `Sequence` of its own, for values that can be copied.
  @inlinable
  public func copies() -> [Element] {
    var copies: [Element] = []
    copies.reserveCapacity(count)
    forEach { copies.append(copy $1) }
    return copies
  }
}
