/// Other numbers of elements. The buffer stays where it is if its source can resize it there; else its elements move.
extension BufferIn where Element: ~Copyable, Source: ~Escapable {
  /// Changes the number of elements. Those past the end end; further ones are made with a closure, which gets the
  /// index.
  ///
  /// When memory is refused, the buffer is unchanged. Fewer elements are never refused.
  @inlinable
  @_lifetime(self: copy self)
  public mutating func resize(to newCount: Int, _ make: (Int) -> Element) throws(AllocationError) {
    guard newCount > count else { return shrink(to: newCount) }
    let wanted = try Layout(of: Element.self, count: newCount)
    if start == nil || !source.resize(UnsafeMutableRawPointer(start.unsafelyUnwrapped), layout, to: wanted.size) {
      try move(to: wanted)
    }
    while count < newCount {
      (start.unsafelyUnwrapped + count).initialize(to: make(count))
      elementCount += 1
    }
  }

  /// Moves the elements to memory of another layout, which has room for all of them.
  @inlinable
  @_lifetime(self: copy self)
  mutating func move(to wanted: Layout) throws(AllocationError) {
    let memory = try source.allocate(wanted).assumingMemoryBound(to: Element.self)
    if let start {
      memory.moveInitialize(from: start, count: count)
      source.deallocate(UnsafeMutableRawPointer(start), layout)
    }
    start = memory
  }

  /// Ends the elements past a number. Traps if the number is below 0.
  @inlinable
  @_lifetime(self: copy self)
  mutating func shrink(to newCount: Int) {
    precondition(newCount >= 0, "slabmalloc: a buffer cannot have fewer than 0 elements")
    guard let start, newCount < count else { return }
    (start + newCount).deinitialize(count: count - newCount)
    defer { elementCount = newCount }
    if newCount == 0 {
      source.deallocate(UnsafeMutableRawPointer(start), layout)
      self.start = nil
      return
    }
    // Where the memory cannot become smaller it stays as large as it is.
    let bytes = MemoryLayout<Element>.stride &* newCount
    _ = source.resize(UnsafeMutableRawPointer(start), layout, to: bytes)
  }
}

extension BufferIn where Element: BitwiseCopyable, Source: ~Escapable {
  /// Changes the number of elements, further ones being copies of a value. Large buffers are moved by page tables where
  /// the source can do that. When memory is refused, the buffer is unchanged.
  @inlinable
  @_lifetime(self: copy self)
  public mutating func resize(to newCount: Int, repeating value: Element) throws(AllocationError) {
    guard newCount > count, let old = start else { return try resize(to: newCount) { _ in value } }
    let wanted = try Layout(of: Element.self, count: newCount)
    let memory = try source.reallocate(UnsafeMutableRawPointer(old), layout, to: wanted.size)
      .bindMemory(to: Element.self, capacity: newCount)
    (memory + count).initialize(repeating: value, count: newCount - count)
    start = memory
    elementCount = newCount
  }
}
