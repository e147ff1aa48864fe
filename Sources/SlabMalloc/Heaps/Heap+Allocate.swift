extension UnsafeMutablePointer where Pointee == HeapState {
  /// Allocates `size` bytes.
  @inline(__always) func allocate(_ size: UInt) -> UnsafeMutableRawPointer? {
    guard size < pointee.directLimit else {
      return UnsafeMutableRawPointer(bitPattern: heapAllocateOtherSize(size, raw))
    }
    return directBin(size).allocate()
  }
}

extension UnsafeMutablePointer where Pointee == HeapBin {
  /// Takes the newest ready slot.
  @inline(__always) func allocate() -> UnsafeMutableRawPointer? {
    let newest = newest
    guard newest.isSlot else { return UnsafeMutableRawPointer(bitPattern: heapAllocateFromWord(raw)) }
    return take(newest)
  }

  /// The newest ready slot; its address is 0 if there is none.
  @inline(__always) var newest: UnsafeMutablePointer<ReadySlot> {
    Self.ready(at: pointee.top &- UInt(MemoryLayout<ReadySlot>.stride))
  }

  @inline(__always) func take(_ newest: UnsafeMutablePointer<ReadySlot>) -> UnsafeMutableRawPointer? {
    let ready = newest.pointee
    pointee.top = UInt(bitPattern: newest)
    ready.mark.pointee = Mark.used
    ready.run.pointee.used &+= 1
    return UnsafeMutableRawPointer(bitPattern: ready.address)
  }

  /// Takes the first of the pending slots, of which there are some.
  @inline(__always) func claim(_ slots: UInt64) -> UInt {
    let index = UInt(truncatingIfNeeded: slots.trailingZeroBitCount)
    pointee.pending = slots & (slots &- 1)
    pointee.wordMarks[Int(bitPattern: index)] = Mark.used
    unsafeBitCast(pointee.current, to: RunPointer.self).pointee.used &+= 1
    return pointee.wordStart &+ index &* pointee.slotSize
  }

  /// The same, when there was nothing ready; tells whether the slot's bytes are all 0.
  func allocateFresh(_ isFresh: inout Bool) -> UInt {
    if !isStackEmpty { return UInt(bitPattern: allocate()) }
    guard pointee.pending != 0 || advance() else { return noMemory() }
    let slots = pointee.pending
    isFresh = pointee.wordMarks[slots.trailingZeroBitCount] == Mark.fresh
    return claim(slots)
  }
}

/// Nothing is ready: a pending slot will do.
@c(slm_core_heap_allocate_from_word)
@inline(never)
@usableFromInline
func heapAllocateFromWord(_ bin: UnsafeMutableRawPointer) -> UInt {
  let bin = bin.assumingMemoryBound(to: HeapBin.self)
  let slots = bin.pointee.pending
  guard slots != 0 else { return heapAllocateFromNextWord(bin.raw) }
  return bin.claim(slots)
}

/// Nothing is pending either.
@c(slm_core_heap_allocate_from_next_word)
@inline(never)
@usableFromInline
func heapAllocateFromNextWord(_ bin: UnsafeMutableRawPointer) -> UInt {
  let bin = bin.assumingMemoryBound(to: HeapBin.self)
  guard bin.advance() else { return noMemory() }
  return bin.claim(bin.pointee.pending)
}

/// The size is above what the table covers, or the thread has no heap.
@c(slm_core_heap_allocate_other_size)
@inline(never)
@usableFromInline
func heapAllocateOtherSize(_ size: UInt, _ heap: UnsafeMutableRawPointer) -> UInt {
  let heap = heap.assumingMemoryBound(to: HeapState.self)
  guard size <= SizeClass.slotSize(SizeClass.lastRegular), size >= heap.pointee.directLimit,
    heap.pointee.directLimit != 0
  else { return heapAllocateRarely(size, heap.raw) }
  return UInt(bitPattern: heap.bin(SizeClass.regular(size)).allocate())
}

/// Among the largest classes, above them, or for a thread without a heap.
@c(slm_core_heap_allocate_rarely)
@inline(never)
@usableFromInline
func heapAllocateRarely(_ size: UInt, _ heap: UnsafeMutableRawPointer) -> UInt {
  let heap = heap.assumingMemoryBound(to: HeapState.self)
  guard heap.isInitialized else { return heap.asThread(.malloc(size)) { UInt(bitPattern: $0.allocate(size)) } }
  if heap.pointee.directLimit == 0 { return heap.allocateHardened(size) }
  guard let index = SizeClass.index(size: size) else { return heap.allocateLarge(size, alignment: 1).start }
  return UInt(bitPattern: heap.bin(index).allocate())
}

extension UnsafeMutablePointer where Pointee == HeapState {
  /// Allocates with an alignment, a power of two.
  func allocate(_ size: UInt, alignment: UInt) -> UInt {
    guard isInitialized else { return asThread(.aligned(size, alignment)) { $0.allocate(size, alignment: alignment) } }
    if process.isHardened { return allocateHardened(size, alignment: alignment) }
    guard let bin = bin(size, alignment: alignment) else { return allocateLarge(size, alignment: alignment).start }
    return UInt(bitPattern: bin.allocate())
  }

  /// The bin all of whose slots will do; nil if only a page run will.
  func bin(_ size: UInt, alignment: UInt) -> HeapBinPointer? {
    SizeClass.naturalIndex(size: size, alignment: alignment).map { bin($0) }
  }

  /// Allocates memory that reads as 0.
  func allocateZeroed(_ size: UInt) -> UInt {
    guard isInitialized else { return asThread(.calloc(size)) { $0.allocateZeroed(size) } }
    guard let index = process.sizeClass(size, alignment: 1) else {
      let (start, isClean) = allocateLarge(size, alignment: 1)
      clear(start, isClean ? 0 : size)
      return start
    }
    // All free slots of a hardened heap are clear.
    if process.isHardened { return bin(index).allocateHardened() }
    var isFresh = false
    let start = bin(index).allocateFresh(&isFresh)
    clear(start, isFresh ? 0 : size)
    return start
  }

  private func clear(_ start: UInt, _ size: UInt) {
    guard let memory = UnsafeMutableRawPointer(bitPattern: start) else { return }
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: Int(bitPattern: size))
  }
}

extension SizeClass {
  /// The class for a size and an alignment in a heap: nothing below 16, and all its slots are so aligned. nil if there is none.
  static func naturalIndex(size: UInt, alignment: UInt) -> UInt? {
    let size = size < 16 ? 16 : size
    if alignment <= 16 { return index(size: size) }
    // Slabs start at pages.
    guard alignment <= PageRun.pageSize, size <= maxSize else { return nil }
    let rounded = roundUp(size, to: alignment)
    guard var index = index(size: rounded) else { return nil }
    while index < count {
      if slotSize(index) & (alignment - 1) == 0 { return index }
      index += 1
    }
    return nil
  }
}
