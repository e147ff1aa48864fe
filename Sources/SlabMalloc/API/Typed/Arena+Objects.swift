/// What an arena serves: values, buffers, and memory.
extension ArenaIn where Memory: ~Escapable {
  /// A box in an arena, which it borrows. The value ends with the box, the memory with the next reset.
  public typealias Box<Value: ~Copyable> = BoxIn<Value, Source>
  /// A buffer in an arena, which it borrows. The elements end with the buffer, the memory with the next reset.
  public typealias Buffer<Element: ~Copyable> = BufferIn<Element, Source>

  /// Moves a value into the arena. If memory is refused, the value ends.
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

  /// Moves a value into the arena for the rest of its round. Nobody ends it, so it must own nothing. The pointer must
  /// not be used after the next reset.
  @inlinable @inline(__always) @unsafe
  public borrowing func make<Value: BitwiseCopyable>(
    _ value: Value
  ) throws(AllocationError) -> UnsafeMutablePointer<Value> {
    let memory = try source.allocate(Layout(of: Value.self)).bindMemory(to: Value.self, capacity: 1)
    memory.initialize(to: value)
    return memory
  }

  /// Allocates memory, not cleared, for the rest of the round. The pointer must not be used after the next reset.
  @inlinable @inline(__always) @unsafe
  public borrowing func allocate(_ layout: Layout) throws(AllocationError) -> UnsafeMutableRawPointer {
    try source.allocate(layout)
  }
}
