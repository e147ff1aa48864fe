import CSlabmalloc

/// Memory that is handed out from one end to the other, and freed at once.
///
/// An arena is for work with an end: a request, a frame, a parse. An allocation moves a pointer; a deallocation does
/// nothing, except that of the latest object, which moves the pointer back. ``reset()`` frees everything and keeps the
/// largest chunk for the next round.
///
///     head │ chunk ┼──> │ link │ object │ object │ · · · free · · · │
///          │ next  ┼──────────────────────────────┘                │
///          │ end   ┼───────────────────────────────────────────────┘       former chunks hang on the link
///
/// `Arena.Box` and `Arena.Buffer` end their values when they end; their memory waits for the reset. They borrow the
/// arena: one that escapes, or is used after a reset, does not compile.
///
/// `Arena` has its chunks from the process's heap, `Zone.Arena` and `Heap.Arena` from an allocator of yours, which they
/// do not outlive. Cost: some ten instructions, and a chunk now and then, each twice as large as the one before.
/// Threads: one at a time.
@safe
public struct ArenaIn<Memory: MemorySource & ~Escapable>: ~Copyable, ~Escapable {
  @usableFromInline let memory: Memory
  @usableFromInline let head: UnsafeMutablePointer<ArenaHead>
  private let marker = EndMarker()

  /// Makes an arena, and takes its first chunk from the source.
  /// - Parameters:
  ///   - memory: the source of all chunks.
  ///   - firstChunk: bytes of the first chunk, at least 256.
  @_lifetime(copy memory)
  public init(in memory: Memory, firstChunk: Int = 4 << 10) throws(AllocationError) {
    guard firstChunk >= 256 else { throw .invalidArgument }
    let layout = Layout(size: firstChunk, alignment: ArenaChunk.alignment)
    let first = try memory.allocate(layout)
    let chunk = first.initializeMemory(as: ArenaChunk.self, to: ArenaChunk(former: nil, size: firstChunk))
    let head = (first + ArenaChunk.headerBytes).bindMemory(to: ArenaHead.self, capacity: 1)
    self.memory = memory
    self.head = head
    head.initialize(
      to: ArenaHead(chunk, firstFree: UInt(bitPattern: first) + UInt(ArenaChunk.headerBytes + ArenaHead.bytes)))
  }

  deinit {
    // The head lies in the first chunk, which goes back last.
    var chunk = Optional(head.pointee.chunk)
    while let last = chunk {
      chunk = last.pointee.former
      memory.deallocate(last, ArenaChunk.layout(last.pointee.size))
    }
  }

  /// Frees all memory of the arena, but for the first chunk and the largest one. Boxes and buffers that are still there
  /// keep the arena borrowed, and the call does not compile.
  @_lifetime(self: copy self)
  public mutating func reset() {
    let head = head
    let first = head.pointee.first
    let largest = head.pointee.largest
    var chunk = Optional(head.pointee.chunk)
    while let one = chunk {
      chunk = one.pointee.former
      if one != first, one != largest { memory.deallocate(one, ArenaChunk.layout(one.pointee.size)) }
    }
    if largest != first { largest.pointee.former = first }
    head.pointee.restart(in: largest)
  }

  /// What the arena holds, in chunks and objects.
  public var statistics: MemoryStatistics {
    var held = 0
    var chunk = Optional(head.pointee.chunk)
    while let one = chunk {
      held += one.pointee.size
      chunk = one.pointee.former
    }
    return MemoryStatistics(
      objects: nil, bytesLive: held - Int(head.pointee.end - head.pointee.next), bytesHeld: held, bytesPeak: nil)
  }

  /// The source of the arena's boxes and buffers. It borrows the arena.
  public var source: Source {
    @inlinable @inline(__always) @_lifetime(borrow self) get { Source(self) }
  }

  /// The memory of an arena. Deallocations wait for the reset.
  @safe
  public struct Source: MemorySource, ~Escapable {
    @usableFromInline let memory: Memory
    @usableFromInline let head: UnsafeMutablePointer<ArenaHead>

    @inlinable @inline(__always)
    @_lifetime(borrow arena)
    init(_ arena: borrowing ArenaIn<Memory>) {
      memory = arena.memory
      head = arena.head
    }

    @inlinable @inline(__always)
    public func allocate(_ layout: Layout) throws(AllocationError) -> UnsafeMutableRawPointer {
      let mask = UInt(bitPattern: layout.alignment) &- 1
      let start = (head.pointee.next &+ mask) & ~mask
      let (end, overflows) = start.addingReportingOverflow(UInt(bitPattern: layout.size))
      guard !overflows, end <= head.pointee.end, start >= head.pointee.next, layout.alignment.nonzeroBitCount == 1
      else { return try allocateInNext(layout) }
      head.pointee.next = end
      return UnsafeMutableRawPointer(bitPattern: start).unsafelyUnwrapped
    }

    /// In a chunk that is larger than the one before, and large enough.
    @inlinable @inline(never)
    func allocateInNext(_ layout: Layout) throws(AllocationError) -> UnsafeMutableRawPointer {
      guard layout.size >= 0, layout.alignment.nonzeroBitCount == 1 else {
        throw AllocationError(SLM_ERR_INVALID_LAYOUT, layout)
      }
      let (least, overflows) = layout.size.addingReportingOverflow(ArenaChunk.headerBytes)
      let (padded, overflowsToo) = least.addingReportingOverflow(layout.alignment)
      guard !overflows, !overflowsToo else { throw AllocationError(SLM_ERR_INVALID_LAYOUT, layout) }
      let size = max(padded, head.pointee.chunk.pointee.size &* 2)
      // A large chunk that is refused: one that has just enough may be there.
      let (chunk, bytes): (UnsafeMutableRawPointer, Int)
      do throws(AllocationError) { (chunk, bytes) = (try memory.allocate(ArenaChunk.layout(size)), size) } catch {
        (chunk, bytes) = (try memory.allocate(ArenaChunk.layout(padded)), padded)
      }
      head.pointee.add(
        chunk.initializeMemory(
          as: ArenaChunk.self, to: ArenaChunk(former: head.pointee.chunk, size: bytes)))
      return try allocate(layout)
    }

    @inlinable @inline(__always)
    public func deallocate(_ memory: UnsafeMutableRawPointer, _ layout: Layout) {
      let start = UInt(bitPattern: memory)
      if start &+ UInt(bitPattern: layout.size) == head.pointee.next { head.pointee.next = start }
    }

    /// The latest object grows and shrinks where it is.
    @inlinable
    public func resize(_ memory: UnsafeMutableRawPointer, _ layout: Layout, to size: Int) -> Bool {
      let start = UInt(bitPattern: memory)
      guard size > layout.size else { return true }
      guard start &+ UInt(bitPattern: layout.size) == head.pointee.next,
        UInt(bitPattern: size) <= head.pointee.end &- start
      else {
        return false
      }
      head.pointee.next = start &+ UInt(bitPattern: size)
      return true
    }
  }
}

extension ArenaIn: Escapable where Memory: Escapable {}

/// An arena with chunks of the process's heap. In a kernel: of the heap of its Swift objects.
public typealias Arena = ArenaIn<GlobalHeap>

extension ArenaIn where Memory == GlobalHeap {
  /// Makes an arena on the process's heap.
  public init(firstChunk: Int = 4 << 10) throws(AllocationError) {
    try self.init(in: GlobalHeap(), firstChunk: firstChunk)
  }
}
