import CSlabmalloc

/// The promise of capacity, and the ways in which all values of a pool go at once.
extension PoolIn where Element: ~Copyable, Source: ~Escapable {
  /// How many values the pool has room for, without more memory. Retired slots are none.
  @inlinable public var capacity: Int { chunkCount * Self.slotsPerChunk - retired }

  /// Whether there is no live value.
  @inlinable public var isEmpty: Bool { count == 0 }

  /// Takes memory for a number of values, live ones included. After it, insertions do not throw until the pool has that
  /// many live and released values. On error the pool keeps the room that it got.
  ///
  /// Throws `invalidLayout` for a number below 0 or above the indices that there are.
  @inlinable
  @_lifetime(self: copy self)
  public mutating func reserveCapacity(_ wanted: Int) throws(AllocationError) {
    guard wanted >= 0, wanted < Int(truncatingIfNeeded: UInt32.max / 2) else {
      throw AllocationError(SLM_ERR_INVALID_LAYOUT, Layout(size: Int.max, alignment: Self.chunkLayout.alignment))
    }
    while capacity < wanted { try addChunk() }
  }

  /// Ends all values, released ones too. Their handles are stale from now on.
  ///
  /// A pool with a slot that has come to the end of its generations keeps its chunks in either case: they know which
  /// slots are retired. That takes 2^31 insertions and reuses at least.
  /// - Parameter keepingCapacity: whether the chunks stay for later values, or go back to the source.
  @inlinable
  @_lifetime(self: copy self)
  public mutating func removeAll(keepingCapacity: Bool = false) {
    endValues()
    guard !keepingCapacity else { return }
    // Slots of later chunks start above the generations that handles of these have. Above the last there is none.
    let highest = highestGeneration()
    guard highest < PoolSlot.retiredGeneration else { return }
    firstGeneration = highest
    formerFresh = max(formerFresh, fresh)
    giveBackChunks()
  }

  /// Gives the memory back and leaves the values: no deinitializer runs. For values that own nothing, and for those
  /// whose owners were moved elsewhere.
  @inlinable
  public consuming func abandon() {
    liveCount = 0
    released = PoolSlot.none
    giveBackChunks()
  }

  /// Ends the live and the released values, and frees their slots.
  @inlinable
  @_lifetime(self: copy self)
  mutating func endValues() {
    endReleased()
    var index: UInt32 = 0
    while count > 0, index < fresh {
      if header(index).pointee.generation & 1 == 1 {
        element(index).deinitialize(count: 1)
        free(index)
      }
      index = nextIndex(index)
    }
  }

  /// Ends the live and the released values for the pool's own end: their slots are not freed.
  @inlinable
  func deinitializeValues() {
    var slot = released
    while slot != PoolSlot.none {
      element(slot).deinitialize(count: 1)
      slot = header(slot).pointee.next
    }
    var left = count
    var index: UInt32 = 0
    while left > 0 {
      if header(index).pointee.generation & 1 == 1 {
        element(index).deinitialize(count: 1)
        left -= 1
      }
      index = nextIndex(index)
    }
  }

  /// An even generation that is at least each slot's.
  @inlinable
  func highestGeneration() -> UInt32 {
    var highest = firstGeneration
    var index: UInt32 = 0
    while index < fresh {
      highest = max(highest, header(index).pointee.generation)
      index = nextIndex(index)
    }
    return highest
  }
}
