/// Values that are made once and used often: a released value stays in its slot, as it is, until it is reused.
///
///     insert ──> live ── release ──> released ── reuse ──> live, with the same content and another handle
///                 │                     └── endReleased, or the pool's end ──> ended
///                 └── remove ──> yours
extension PoolIn where Element: ~Copyable, Source: ~Escapable {
  /// Gives a value back to the pool as it is, for ``reuse()``. The handle is stale from now on. Throws as
  /// ``remove(_:)``.
  @inlinable
  @_lifetime(self: copy self)
  public mutating func release(_ handle: Handle) throws(AllocationError) {
    guard contains(handle) else { throw stale(handle) }
    let header = header(handle.index)
    guard header.pointee.generation != PoolSlot.lastGeneration else {
      // The slot is retired, and its value with it.
      element(handle.index).deinitialize(count: 1)
      return free(handle.index)
    }
    header.pointee.generation &+= 1
    header.pointee.next = released
    released = handle.index
    liveCount &-= 1
  }

  /// The value that was released last, as it was left; nil if none is released. Takes no memory.
  @inlinable
  @_lifetime(self: copy self)
  public mutating func reuse() -> Handle? {
    guard released != PoolSlot.none else { return nil }
    let index = released
    let header = header(index)
    released = header.pointee.next
    header.pointee.generation &+= 1
    liveCount &+= 1
    return Handle(index: index, generation: header.pointee.generation)
  }

  /// Ends the released values. Their slots are free.
  @inlinable
  @_lifetime(self: copy self)
  public mutating func endReleased() {
    while let handle = reuse() {
      element(handle.index).deinitialize(count: 1)
      free(handle.index)
    }
  }
}
