import Synchronization

/// A slab of the run house: a page run carved into slots of one size class.
///
/// Its descriptor is the `PageRun` of its first page; marks and words lie in a block of metadata. A mark says what a
/// slot is. A bit of a word says that the slot is available: the owner's bin may open it for allocation.
extension UnsafeMutablePointer where Pointee == PageRun {
  /// The bin whose stack takes the slab's freed slots: that of its class, or the heap's bin for drained slabs. Only the
  /// owner may use it.
  @inline(__always) var bin: HeapBinPointer {
    get { HeapBinPointer(bitPattern: pointee.bin.load(ordering: .relaxed)).unsafelyUnwrapped }
    nonmutating set { pointee.bin.store(UInt(bitPattern: newValue), ordering: .relaxed) }
  }

  /// The bin of the slab's class in its owner's heap, which lists it. Only the owner may use it.
  @inline(__always) var classBin: HeapBinPointer { bin.pointee.heap.bin(UInt(pointee.binIndex)) }

  /// Of a plain slab: the heap that allocated from it last.
  @inline(__always) var opener: UInt {
    get { pointee.content }
    nonmutating set { pointee.content = newValue }
  }

  /// Whether the slab is one of profile hardened: its reciprocal is 0, which no address passes on the fast paths.
  @inline(__always) var isHardened: Bool { pointee.reciprocal == 0 }

  /// The slot at an address of this plain slab, and whether the address is where it starts (Lemire, as in `Slab`).
  @inline(__always) func slot(at address: UInt) -> (index: UInt, isStart: Bool) {
    let (index, fraction) = (address &- pointee.start).multipliedFullWidth(by: pointee.reciprocal)
    return (index, fraction < pointee.reciprocal)
  }

  /// The same for any slab. A hardened one has no reciprocal.
  func slot(ofAny address: UInt) -> (index: UInt, isStart: Bool) {
    guard isHardened else { return slot(at: address) }
    let (index, rest) = (address &- pointee.start).quotientAndRemainder(dividingBy: slotDistance)
    return (index, rest == 0)
  }

  @inline(__always) func mark(_ index: UInt) -> UnsafeMutablePointer<UInt8> {
    pointee.marks + Int(bitPattern: index)
  }

  @inline(__always) func atomicMark(_ index: UInt) -> UnsafeMutablePointer<Atomic<UInt8>> { atomic(mark(index)) }

  /// Changes a used mark, or fails: if several threads free one object, this decides which of them does.
  @inline(__always) func changeUsedMark(_ index: UInt, to mark: UInt8) -> Bool {
    changeUsedMark(self.mark(index), to: mark)
  }

  @inline(__always) func changeUsedMark(_ place: UnsafeMutablePointer<UInt8>, to mark: UInt8) -> Bool {
    atomic(place).pointee.compareExchange(
      expected: Mark.used, desired: mark, ordering: .acquiringAndReleasing
    ).exchanged
  }

  /// Slots that are not available: used, ready, pending, in quarantine, or freed remotely and not collected.
  @inline(__always) var slotsOut: UInt { UInt(pointee.slotCount) &- UInt(pointee.available) }

  /// With fewer available slots a slab is sparse: a sixteenth of all.
  @inline(__always) var threshold: UInt32 { max(UInt32(pointee.slotCount) / 16, 1) }

  /// The countdown of a partial slab: to all of its slots, and of many to half of them more. There its bin looks
  /// whether its thread only frees.
  @inline(__always) var nextHalf: UInt32 {
    let (count, left) = (UInt32(pointee.slotCount), UInt32(pointee.slotCount) &- pointee.available)
    return count < 256 ? left : min(count / 2, left)
  }

  @inline(__always) var isUnused: Bool { pointee.available == UInt32(pointee.slotCount) }

  /// Slots that a program holds: exact while no other thread allocates or frees. Cost: a step for each 8 slots.
  var liveSlots: UInt {
    // Eight marks at a time. Past the last slot there is none.
    let words = UnsafeMutableRawPointer(pointee.marks).assumingMemoryBound(to: UInt64.self)
    let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
    let used = UInt64(Mark.used) &* 0x0101_0101_0101_0101
    let sampled = UInt64(Mark.sampledBit) &* 0x0101_0101_0101_0101
    var count: UInt = 0
    for word in 0..<(Int(pointee.slotCount) + 7) / 8 {
      let others = words[word] & ~sampled ^ used
      // The highest bit of each byte: whether the byte of `others` is 0.
      let found = ~((others & low) &+ low | others | low)
      count &+= UInt(truncatingIfNeeded: found.nonzeroBitCount)
    }
    return count
  }

  /// Makes a slot available.
  @inline(__always) func makeAvailable(_ index: UInt) {
    pointee.words[Int(bitPattern: index &>> 6)] |= 1 &<< UInt64(truncatingIfNeeded: index & 63)
    pointee.available &+= 1
  }

  /// The first word with an available slot, from the last one on and round. The slab has such a word.
  func nextWord() -> Int {
    let count = (Int(pointee.slotCount) + 63) / 64
    var word = Int(pointee.cursor)
    while pointee.words[word] == 0 { word = word + 1 == count ? 0 : word + 1 }
    pointee.cursor = UInt8(truncatingIfNeeded: word)
    return word
  }
}
