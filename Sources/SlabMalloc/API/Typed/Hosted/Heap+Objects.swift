import CSlabmalloc

/// What a heap serves: values, buffers, pools, arenas, and memory.
extension Heap {
  /// A box in a heap, which it borrows.
  public typealias Box<Value: ~Copyable> = BoxIn<Value, Source>
  /// A buffer in a heap, which it borrows.
  public typealias Buffer<Element: ~Copyable> = BufferIn<Element, Source>
  /// A pool in a heap, which it borrows.
  public typealias Pool<Element: ~Copyable> = PoolIn<Element, Source>
  /// An arena in a heap, which it borrows.
  public typealias Arena = ArenaIn<Source>

  /// Moves a value into a slot of the heap. If memory is refused, the value ends.
  @inlinable @inline(__always)
  @_lifetime(borrow self)
  public borrowing func box<Value: ~Copyable>(_ value: consuming Value) throws(AllocationError) -> Box<Value> {
    try BoxIn(value, in: source)
  }

  /// Makes a buffer whose elements a closure makes, which gets the index.
  @inlinable
  @_lifetime(borrow self)
  public borrowing func buffer<Element: ~Copyable>(
    count: Int, _ make: (Int) -> Element
  ) throws(AllocationError) -> Buffer<Element> {
    try BufferIn(count: count, in: source, make)
  }

  /// Makes a buffer of copies of a value.
  @inlinable
  @_lifetime(borrow self)
  public borrowing func buffer<Element>(
    repeating value: Element, count: Int
  ) throws(AllocationError) -> Buffer<Element> {
    try BufferIn(repeating: value, count: count, in: source)
  }

  /// Makes an empty pool. It takes memory with its first value.
  @inlinable
  @_lifetime(borrow self)
  public borrowing func pool<Element: ~Copyable>(of type: Element.Type) -> Pool<Element> { PoolIn(in: source) }

  /// Makes an arena.
  @inlinable
  @_lifetime(borrow self)
  public borrowing func arena(firstChunk: Int = 4 << 10) throws(AllocationError) -> Arena {
    try ArenaIn(in: source, firstChunk: firstChunk)
  }

  /// Lends memory for up to a number of elements to a closure. What it initialised ends when it returns or throws.
  @inlinable
  public borrowing func withTemporary<Element: ~Copyable, Result: ~Copyable, Failure: Error>(
    _ type: Element.Type, capacity: Int, _ body: (inout OutputSpan<Element>) throws(Failure) -> Result
  ) throws(AllocationOr<Failure>) -> Result {
    try source.lend(type, capacity: capacity, body)
  }

  /// Allocates memory, not cleared. It ends with the heap at the latest: the pointer must not be used later.
  @inlinable @unsafe
  public borrowing func allocate(_ layout: Layout) throws(AllocationError) -> UnsafeMutableRawPointer {
    try source.allocate(layout)
  }

  /// Deallocates memory of ``allocate(_:)``. Throws and changes nothing for any other pointer.
  @inlinable @unsafe
  public borrowing func deallocate(_ memory: UnsafeMutableRawPointer) throws(AllocationError) {
    let status = slm_heap_deallocate(raw, memory)
    guard status.rawValue == 0 else { throw AllocationError(status, nil) }
  }

  /// Gives memory of ``allocate(_:)`` another size, in place or by moving its bytes. On error nothing changed.
  ///
  /// Throws `foreignPointer`, `interiorPointer` or `doubleFree` for a pointer that is not to a live object of this
  /// heap, `overflow` for one that was written past its end (profile hardened), and the errors of ``allocate(_:)``.
  @inlinable @unsafe
  public borrowing func reallocate(
    _ memory: UnsafeMutableRawPointer, _ layout: Layout, to size: Int
  ) throws(AllocationError) -> UnsafeMutableRawPointer {
    try source.reallocate(memory, layout, to: size)
  }

  /// Sets the limits, in bytes held; 0 for none. Throws `invalidArgument` if the soft limit is above the hard one.
  public borrowing func setLimits(soft: UInt64, hard: UInt64) throws(AllocationError) {
    try AllocationError.check(slm_heap_set_limits(raw, soft, hard))
  }
}
