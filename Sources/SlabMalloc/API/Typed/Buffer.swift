/// A number of values in a row. The buffer owns them and their memory, and ends both when it ends.
///
/// `Buffer<Element>` is in the process's heap; `Zone.Buffer`, `Heap.Buffer` and `Arena.Buffer` are in an allocator of
/// yours and do not outlive it. ``span`` and ``mutableSpan`` lend the elements without a copy. They do not outlive the
/// buffer either: a span that escapes, or is used after a resize, does not compile.
///
/// Every element is initialised from the start to the end. A buffer without elements takes no memory.
///
/// Cost: an allocation and a deallocation of the source, and the elements. Misuse: an index out of range traps.
@safe
public struct BufferIn<Element: ~Copyable, Source: MemorySource & ~Escapable>: ~Copyable, ~Escapable {
  /// nil if there is no element.
  @usableFromInline var start: UnsafeMutablePointer<Element>?
  /// The number of elements.
  @inlinable public var count: Int { elementCount }
  @usableFromInline var elementCount: Int
  @usableFromInline let source: Source
  @usableFromInline let marker = EndMarker()

  /// An empty buffer, which takes no memory.
  @inlinable
  @_lifetime(copy source)
  public init(in source: Source) {
    self.source = source
    start = nil
    elementCount = 0
  }

  /// Takes memory with so many elements over. The other initialisers end here: they throw before there is a buffer.
  @inlinable
  @_lifetime(copy source)
  init(_ start: UnsafeMutablePointer<Element>?, count: Int, in source: Source) {
    self.source = source
    self.start = start
    elementCount = count
  }

  /// Makes each element with a closure, which gets its index.
  ///
  /// When the closure throws, the elements made so far end, the memory goes back, and the closure's error is in
  /// ``AllocationOr/failure(_:)``.
  @inlinable
  @_lifetime(copy source)
  public init<Failure: Error>(
    count: Int, in source: Source, trying make: (Int) throws(Failure) -> Element
  ) throws(AllocationOr<Failure>) {
    let memory: UnsafeMutablePointer<Element>?
    do throws(AllocationError) { memory = try source.allocateElements(Element.self, count: count) } catch {
      throw .allocation(error)
    }
    var made = 0
    do throws(Failure) {
      while made < count {
        (memory.unsafelyUnwrapped + made).initialize(to: try make(made))
        made += 1
      }
    } catch {
      let memory = memory.unsafelyUnwrapped
      memory.deinitialize(count: made)
      source.deallocate(
        UnsafeMutableRawPointer(memory),
        Layout(size: MemoryLayout<Element>.stride &* count, alignment: MemoryLayout<Element>.alignment))
      throw .failure(error)
    }
    self.init(memory, count: count, in: source)
  }

  /// Makes each element with a closure, which gets its index.
  @inlinable
  @_lifetime(copy source)
  public init(count: Int, in source: Source, _ make: (Int) -> Element) throws(AllocationError) {
    let memory = try source.allocateElements(Element.self, count: count)
    for index in 0..<count { (memory.unsafelyUnwrapped + index).initialize(to: make(index)) }
    self.init(memory, count: count, in: source)
  }

  @inlinable
  deinit {
    guard let start else { return }
    start.deinitialize(count: count)
    source.deallocate(UnsafeMutableRawPointer(start), layout)
  }

  /// The layout of the elements' memory. Its size was checked when the memory was allocated.
  @inlinable @inline(__always)
  var layout: Layout {
    Layout(size: MemoryLayout<Element>.stride &* count, alignment: MemoryLayout<Element>.alignment)
  }

  /// Whether there is no element.
  @inlinable public var isEmpty: Bool { count == 0 }

  /// The valid indices.
  @inlinable public var indices: Range<Int> { 0..<count }

  /// The element at an index, in place. Traps if the index is out of range.
  @inlinable
  public subscript(index: Int) -> Element {
    @inline(__always) unsafeAddress {
      precondition(index >= 0 && index < count, "slabmalloc: index out of range of a buffer")
      return UnsafePointer(start.unsafelyUnwrapped + index)
    }
    @inline(__always) unsafeMutableAddress {
      precondition(index >= 0 && index < count, "slabmalloc: index out of range of a buffer")
      return start.unsafelyUnwrapped + index
    }
  }

  /// The elements, to read. The span lives as long as it borrows the buffer.
  @inlinable
  public var span: Span<Element> {
    @_lifetime(borrow self) get {
      _overrideLifetime(Span(_unsafeElements: UnsafeBufferPointer(start: start, count: count)), borrowing: self)
    }
  }

  /// The elements, to change. The span is the only access to the buffer while it lives.
  @inlinable
  public var mutableSpan: MutableSpan<Element> {
    @_lifetime(&self) mutating get {
      _overrideLifetime(
        MutableSpan(_unsafeElements: UnsafeMutableBufferPointer(start: start, count: count)), mutating: &self)
    }
  }
}

extension BufferIn: Escapable where Element: ~Copyable, Source: Escapable {}
extension BufferIn: @unchecked Sendable where Element: Sendable & ~Copyable, Source: Sendable & ~Escapable {}

/// A buffer in the process's heap. In a kernel: in the heap of its Swift objects.
public typealias Buffer<Element: ~Copyable> = BufferIn<Element, GlobalHeap>
