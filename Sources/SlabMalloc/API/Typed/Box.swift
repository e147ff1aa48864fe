/// A value in a slot of its own. The box owns the slot: when the box ends, the value ends and the slot goes back.
///
/// `Box<Value>` has its slot in the process's heap. It may be stored anywhere and sent to another thread, and ends
/// there. `Zone.Box`, `Heap.Box`, `Arena.Box` and `Cache.Box` have theirs in an allocator of yours, and do not outlive
/// it: a box that is returned, or still used when its zone ends, does not compile.
///
///     box │ pointer ──┼──> slot │ value │      in the source's memory, at a fixed address
///         │ source    │        no word for the process's heap, one for a zone
///
/// Cost: an allocation and a deallocation of the source. Misuse: a box is not `Copyable`, so the value ends once.
@safe
public struct BoxIn<Value: ~Copyable, Source: MemorySource & ~Escapable>: ~Copyable, ~Escapable {
  /// nil once the value was taken: a type with a source of any kind cannot be discarded.
  @usableFromInline var pointer: UnsafeMutablePointer<Value>?
  @usableFromInline let source: Source
  @usableFromInline let marker = EndMarker()

  @inlinable @inline(__always)
  static var layout: Layout { Layout(size: MemoryLayout<Value>.size, alignment: MemoryLayout<Value>.alignment) }

  /// Moves a value into a slot of a source. If memory is refused, the value ends.
  @inlinable @inline(__always)
  @_lifetime(copy source)
  public init(_ value: consuming Value, in source: Source) throws(AllocationError) {
    self.source = source
    let memory = try source.allocate(Self.layout).bindMemory(to: Value.self, capacity: 1)
    memory.initialize(to: value)
    pointer = memory
  }

  @inlinable @inline(__always)
  deinit {
    guard let pointer else { return }
    pointer.deinitialize(count: 1)
    source.deallocate(UnsafeMutableRawPointer(pointer), Self.layout)
  }

  /// The value, in place.
  @inlinable
  public var value: Value {
    @inline(__always) unsafeAddress { UnsafePointer(pointer.unsafelyUnwrapped) }
    @inline(__always) unsafeMutableAddress { pointer.unsafelyUnwrapped }
  }

  /// Moves the value out. The slot goes back.
  @inlinable
  public consuming func take() -> Value {
    let memory = pointer.unsafelyUnwrapped
    pointer = nil
    let value = memory.move()
    source.deallocate(UnsafeMutableRawPointer(memory), Self.layout)
    return value
  }

  /// Puts another value into the slot, and moves the former one out.
  @inlinable
  public mutating func replace(with new: consuming Value) -> Value {
    let former = pointer.unsafelyUnwrapped.move()
    pointer.unsafelyUnwrapped.initialize(to: new)
    return former
  }

  /// The address of the value, which is the same until the box ends. The pointer must not be used later.
  @inlinable @unsafe
  public var address: UnsafeMutablePointer<Value> { pointer.unsafelyUnwrapped }
}

extension BoxIn: Escapable where Value: ~Copyable, Source: Escapable {}
extension BoxIn: @unchecked Sendable where Value: Sendable & ~Copyable, Source: Sendable & ~Escapable {}

/// A box in the process's heap. In a kernel: in the heap of its Swift objects.
public typealias Box<Value: ~Copyable> = BoxIn<Value, GlobalHeap>

extension BoxIn where Value: ~Copyable, Source == GlobalHeap {
  /// Moves a value into a slot of the process's heap. If memory is refused, the value ends.
  @inlinable @inline(__always)
  public init(_ value: consuming Value) throws(AllocationError) { try self.init(value, in: GlobalHeap()) }
}
