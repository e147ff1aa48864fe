/// Values of one type at fixed addresses, and handles that know whether their value is still there.
///
/// A pool is what graphs, trees and caches of nodes are made of: a node holds the handles of others. A handle costs 8
/// bytes and no reference count. One whose value was removed is detected, in every build, also when the slot has
/// another value by now.
///
///     table  │ chunk ─┼─> │ 1│ value │ 2│ ····· │ 5│ value │ ...      16 KiB of the source
///            │ chunk  │     │          │
///                           │          └ even: free. `next` leads to the next free slot.
///                           └ generation, odd: live. A handle has the index of a slot and its generation.
///
/// Rule: a slot's generation grows with each insertion and each removal, and never goes back. A slot whose generation
/// would start again is retired. Chunks stay until the pool ends, or ``removeAll(keepingCapacity:)`` gives them back.
///
/// `Pool<Element>` is in the process's heap; `Zone.Pool` and `Heap.Pool` are in an allocator of yours, and do not
/// outlive it. A pool that ends, ends its values; ``abandon()`` leaves them.
///
/// Cost: 35 instructions for an insertion and a removal, some ten for an access; a chunk now and then. Misuse: a stale
/// handle is thrown by ``remove(_:)`` and traps in the subscript. A handle of another pool is not detected if its slot
/// and generation are live here.
///
/// A deinitializer must not change the pool in which its value ends: in ``removeAll(keepingCapacity:)``,
/// ``removeAll(where:)``, ``endReleased()``, the pool's own end, and where another value is assigned to the slot. The
/// compiler or the running program refuses that, but Embedded Swift has no such check when it runs. There, end values
/// with ``remove(_:)``, which moves them out first.
///
/// Threads: one at a time, as the compiler checks. A pool of `Sendable` values may be sent, and be an actor's.
@safe
public struct PoolIn<Element: ~Copyable, Source: MemorySource & ~Escapable>: ~Copyable, ~Escapable {
  @usableFromInline let source: Source
  @usableFromInline let marker = EndMarker()
  /// The chunks, in the order of their slots' indices.
  @usableFromInline var table: UnsafeMutablePointer<UnsafeMutableRawPointer>?
  @usableFromInline var tableCapacity = 0
  @usableFromInline var chunkCount = 0
  /// The index behind the last slot that was ever used.
  @usableFromInline var fresh: UInt32 = 0
  /// The first slots of two lists: those that are free, and those that are free and hold a value to be reused.
  @usableFromInline var free = PoolSlot.none
  @usableFromInline var released = PoolSlot.none
  /// Slots whose generation would start again.
  @usableFromInline var retired = 0
  /// The generation of slots that are used for the first time. Above those of chunks that were given back.
  @usableFromInline var firstGeneration: UInt32 = 0
  /// The highest `fresh` of the times before chunks were given back.
  @usableFromInline var formerFresh: UInt32 = 0
  /// The number of live values.
  @inlinable public var count: Int { liveCount }
  @usableFromInline var liveCount = 0

  /// An empty pool, which takes no memory.
  @inlinable
  @_lifetime(copy source)
  public init(in source: Source) { self.source = source }

  @inlinable
  deinit {
    deinitializeValues()
    deallocateChunks()
  }

  /// Moves a value into the pool. If memory is refused, the value ends.
  @inlinable @inline(__always) @discardableResult
  @_lifetime(self: copy self)
  public mutating func insert(_ value: consuming Element) throws(AllocationError) -> Handle {
    let index = try takeSlot()
    // The addresses are known before anything is written: a write might change the table, for all the compiler knows.
    let (header, element) = (header(index), element(index))
    let generation = header.pointee.generation &+ 1
    header.pointee.generation = generation
    liveCount &+= 1
    element.initialize(to: value)
    return Handle(index: index, generation: generation)
  }

  /// Moves a value out of the pool. The handle, and each copy of it, is stale from now on.
  ///
  /// The value ends where you drop it, when the pool is no longer being changed: its deinitializer may remove others.
  /// Throws `doubleFree` if the value was removed before, `foreignPointer` if the pool never had such a slot.
  @inlinable @inline(__always) @discardableResult
  @_lifetime(self: copy self)
  public mutating func remove(_ handle: Handle) throws(AllocationError) -> Element {
    guard contains(handle) else { throw stale(handle) }
    let value = element(handle.index).move()
    free(handle.index)
    return value
  }

  /// Whether the value of a handle is live.
  @inlinable @inline(__always)
  public func contains(_ handle: Handle) -> Bool {
    handle.index < fresh && header(handle.index).pointee.generation == handle.generation
  }

  /// The value of a handle, in place. Traps if the value was removed.
  @inlinable
  public subscript(handle: Handle) -> Element {
    @inline(__always) unsafeAddress { UnsafePointer(checked(handle)) }
    @inline(__always) unsafeMutableAddress { checked(handle) }
  }

  /// The address of a value, which is the same until the value is removed. The pointer must not be used later. Traps if
  /// the value was removed.
  @inlinable @unsafe
  public func address(of handle: Handle) -> UnsafeMutablePointer<Element> { checked(handle) }

  @inlinable @inline(__always)
  func checked(_ handle: Handle) -> UnsafeMutablePointer<Element> {
    guard contains(handle) else { trap(Self.stale(handle, max(fresh, formerFresh))) }
    return element(handle.index)
  }

  /// Why a handle is not live. Where the pool is only read it does not take the pool: that would copy the pool to the
  /// stack before each check.
  @inlinable @inline(never)
  static func stale(_ handle: Handle, _ everUsed: UInt32) -> AllocationError {
    handle.index < everUsed ? .doubleFree : .foreignPointer
  }

  /// The same where the pool is being changed, and has an address.
  @inlinable @inline(never)
  @_lifetime(self: copy self)
  mutating func stale(_ handle: Handle) -> AllocationError { Self.stale(handle, max(fresh, formerFresh)) }
}

extension PoolIn: Escapable where Element: ~Copyable, Source: Escapable {}
extension PoolIn: @unchecked Sendable where Element: Sendable & ~Copyable, Source: Sendable & ~Escapable {}

/// A pool in the process's heap. In a kernel: in the heap of its Swift objects.
public typealias Pool<Element: ~Copyable> = PoolIn<Element, GlobalHeap>

extension PoolIn where Element: ~Copyable, Source == GlobalHeap {
  /// An empty pool, which takes no memory.
  @inlinable public init() { self.init(in: GlobalHeap()) }

  /// A pool with room for a number of values.
  @inlinable
  public init(capacity: Int) throws(AllocationError) {
    self.init(in: GlobalHeap())
    try reserveCapacity(capacity)
  }
}
