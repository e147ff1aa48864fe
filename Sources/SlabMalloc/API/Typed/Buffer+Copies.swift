/// Buffers of copies, and buffers in the process's heap.
extension BufferIn where Source: ~Escapable {
  /// Repeats a value.
  @inlinable
  @_lifetime(copy source)
  public init(repeating value: Element, count: Int, in source: Source) throws(AllocationError) {
    let memory = try source.allocateElements(Element.self, count: count)
    memory?.initialize(repeating: value, count: count)
    self.init(memory, count: count, in: source)
  }

  /// Copies the elements of a span.
  @inlinable
  @_lifetime(copy source)
  public init(copying elements: borrowing Span<Element>, in source: Source) throws(AllocationError) {
    let memory = try source.allocateElements(Element.self, count: elements.count)
    for index in elements.indices { (memory.unsafelyUnwrapped + index).initialize(to: elements[index]) }
    self.init(memory, count: elements.count, in: source)
  }
}

extension BufferIn where Element: ~Copyable, Source == GlobalHeap {
  /// An empty buffer, which takes no memory.
  @inlinable public init() { self.init(in: GlobalHeap()) }

  /// Makes each element with a closure, which gets its index.
  @inlinable
  public init(count: Int, _ make: (Int) -> Element) throws(AllocationError) {
    try self.init(count: count, in: GlobalHeap(), make)
  }

  /// Makes each element with a closure that may throw. See ``init(count:in:trying:)``.
  @inlinable
  public init<Failure: Error>(
    count: Int, trying make: (Int) throws(Failure) -> Element
  ) throws(AllocationOr<Failure>) {
    try self.init(count: count, in: GlobalHeap(), trying: make)
  }
}

extension BufferIn where Source == GlobalHeap {
  /// Repeats a value.
  @inlinable
  public init(repeating value: Element, count: Int) throws(AllocationError) {
    try self.init(repeating: value, count: count, in: GlobalHeap())
  }

  /// Copies the elements of a span.
  @inlinable
  public init(copying elements: borrowing Span<Element>) throws(AllocationError) {
    try self.init(copying: elements, in: GlobalHeap())
  }
}
