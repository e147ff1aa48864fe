import CSlabmalloc

/// Where the slots of a pool are.
///
/// An index has the number of a chunk in its upper bits and that of a slot in its lower ones. Chunks have as many slots
/// as fit into 16 KiB, in a kernel into 2 KiB, which is no power of two: some indices have no slot.
///
///     alignment up to 8:   │ header │ value │ header │ value │ ...
///     above:               │ header │ header │ ... │ padding │ value │ value │ ...
@usableFromInline
struct PoolSlot: BitwiseCopyable {
  /// Odd while the slot has a live value.
  @usableFromInline var generation: UInt32
  /// The index of the next slot in the list of free or released ones.
  @usableFromInline var next: UInt32

  @inlinable
  init(generation: UInt32) {
    self.generation = generation
    next = PoolSlot.none
  }

  /// The end of a list. No slot has this index.
  @inlinable @inline(__always) static var none: UInt32 { UInt32.max }
  /// The highest generation: a slot that is freed with it is retired.
  @inlinable @inline(__always) static var lastGeneration: UInt32 { UInt32.max }
  /// The generation of a retired slot: even, and above that of each handle of the slot but the last.
  @inlinable @inline(__always) static var retiredGeneration: UInt32 { lastGeneration &- 1 }
}

extension PoolIn where Element: ~Copyable, Source: ~Escapable {
  /// Whether headers lie beside the values. With a larger alignment each would take as much as an aligned value.
  @inlinable @inline(__always) static var isInterleaved: Bool { MemoryLayout<Element>.alignment <= 8 }

  @inlinable @inline(__always) static var headerBytes: Int { MemoryLayout<PoolSlot>.stride }

  /// Bytes from a value to the next.
  @inlinable @inline(__always)
  static var valueStride: Int {
    isInterleaved ? (headerBytes &+ MemoryLayout<Element>.size &+ 7) & ~7 : MemoryLayout<Element>.stride
  }

  @inlinable @inline(__always) static var headerStride: Int { isInterleaved ? valueStride : headerBytes }

  /// Bytes for each slot.
  @inlinable @inline(__always)
  static var slotBytes: Int { isInterleaved ? valueStride : valueStride &+ headerBytes }

  @inlinable @inline(__always)
  static var slotsPerChunk: Int {
    let room = isInterleaved ? GlobalHeap.chunkGoal : GlobalHeap.chunkGoal &- MemoryLayout<Element>.alignment
    return max(1, room / slotBytes)
  }

  /// Bytes from a chunk to its first value.
  @inlinable @inline(__always)
  static var valuesOffset: Int {
    guard !isInterleaved else { return headerBytes }
    let mask = MemoryLayout<Element>.alignment &- 1
    return (headerBytes &* slotsPerChunk &+ mask) & ~mask
  }

  @inlinable
  static var chunkLayout: Layout {
    Layout(
      size: isInterleaved ? valueStride * slotsPerChunk : valuesOffset + valueStride * slotsPerChunk,
      alignment: max(8, MemoryLayout<Element>.alignment))
  }

  /// Bits of an index that are the slot's number.
  @inlinable @inline(__always)
  static var slotBits: UInt32 { UInt32(truncatingIfNeeded: Int.bitWidth &- (slotsPerChunk &- 1).leadingZeroBitCount) }

  @inlinable @inline(__always)
  func chunk(_ index: UInt32) -> UnsafeMutableRawPointer {
    table.unsafelyUnwrapped[Int(truncatingIfNeeded: index &>> Self.slotBits)]
  }

  @inlinable @inline(__always)
  func slot(_ index: UInt32) -> Int { Int(truncatingIfNeeded: index & ((1 &<< Self.slotBits) &- 1)) }

  @inlinable @inline(__always)
  func header(_ index: UInt32) -> UnsafeMutablePointer<PoolSlot> {
    (chunk(index) + slot(index) &* Self.headerStride).assumingMemoryBound(to: PoolSlot.self)
  }

  @inlinable @inline(__always)
  func element(_ index: UInt32) -> UnsafeMutablePointer<Element> {
    (chunk(index) + (Self.valuesOffset &+ slot(index) &* Self.valueStride)).assumingMemoryBound(to: Element.self)
  }

  /// Takes a slot without a value out of the list of free ones, or the next fresh one.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  mutating func takeSlot() throws(AllocationError) -> UInt32 {
    guard free != PoolSlot.none else { return try takeFreshSlot() }
    let index = free
    free = header(index).pointee.next
    return index
  }

  @inlinable @inline(never)
  @_lifetime(self: copy self)
  mutating func takeFreshSlot() throws(AllocationError) -> UInt32 {
    if Int(fresh &>> Self.slotBits) == chunkCount { try addChunk() }
    let index = fresh
    header(index).initialize(to: PoolSlot(generation: firstGeneration))
    fresh = nextIndex(index)
    return index
  }

  /// Puts a slot whose value has gone on the list of free ones.
  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  mutating func free(_ index: UInt32) {
    let header = header(index)
    liveCount &-= 1
    let generation = header.pointee.generation &+ 1
    guard generation != 0 else { return retire(index) }
    header.pointee.generation = generation
    header.pointee.next = free
    free = index
  }

  /// Takes a slot out of use whose generation would start again. No handle fits its generation, which is even.
  @inlinable @inline(never)
  @_lifetime(self: copy self)
  mutating func retire(_ index: UInt32) {
    header(index).pointee.generation = PoolSlot.retiredGeneration
    retired += 1
  }

  /// Takes a chunk from the source. Throws `outOfMemory` where the indices end.
  @inlinable @inline(never)
  @_lifetime(self: copy self)
  mutating func addChunk() throws(AllocationError) {
    // The last index of all is the end of a list, so the chunk that has it is not used.
    guard chunkCount < Int(UInt32.max &>> Self.slotBits) else {
      throw AllocationError(SLM_ERR_OUT_OF_MEMORY, Self.chunkLayout)
    }
    if chunkCount == tableCapacity { try growTable() }
    let chunk = try source.allocate(Self.chunkLayout)
    (table.unsafelyUnwrapped + chunkCount).initialize(to: chunk)
    chunkCount += 1
  }

  @inlinable @inline(never)
  @_lifetime(self: copy self)
  mutating func growTable() throws(AllocationError) {
    let capacity = max(8, tableCapacity * 2)
    let larger = try source.allocate(UnsafeMutableRawPointer.self, count: capacity)
    if let table {
      larger.update(from: table, count: chunkCount)
      giveBack(table)
    }
    table = larger
    tableCapacity = capacity
  }

  @inlinable
  func giveBack(_ table: UnsafeMutablePointer<UnsafeMutableRawPointer>) {
    let size = MemoryLayout<UnsafeMutableRawPointer>.stride * tableCapacity
    source.deallocate(
      UnsafeMutableRawPointer(table), Layout(size: size, alignment: MemoryLayout<UnsafeMutableRawPointer>.alignment))
  }

  @inlinable
  @_lifetime(self: copy self)
  mutating func giveBackChunks() {
    deallocateChunks()
    table = nil
    (tableCapacity, chunkCount, fresh, retired) = (0, 0, 0, 0)
    (free, released) = (PoolSlot.none, PoolSlot.none)
  }

  /// Gives the chunks and the table back, and leaves the pool's fields as they are.
  @inlinable
  func deallocateChunks() {
    guard let table else { return }
    for index in 0..<chunkCount { source.deallocate(table[index], Self.chunkLayout) }
    giveBack(table)
  }

  /// Each index below `fresh` that has a slot, in order.
  @inlinable @inline(__always)
  func nextIndex(_ index: UInt32) -> UInt32 {
    slot(index) == Self.slotsPerChunk - 1 ? ((index &>> Self.slotBits) &+ 1) &<< Self.slotBits : index &+ 1
  }
}
