import Synchronization

/// What lies beside an object of a hardened heap: its deallocation looks there for a write that skipped the canary, or
/// went to below the object.
///
///     | free slot:     last 32 bytes are 0 |  object  | first 32 bytes are 0     :free slot |
///
/// A neighbour that is used is looked at when it is freed itself, since its canary lies where a write to below the
/// object begins. Only the slab's own thread looks: nobody else makes a free slot used.
extension UnsafeMutablePointer where Pointee == PageRun {
  private typealias Chunk = SIMD2<UInt64>
  private static var chunk: UInt { UInt(MemoryLayout<Chunk>.size) }

  /// Whether no free slot beside an object of this slab was written to.
  @inline(__always) func hasIntactNeighbours(
    _ index: UInt, _ address: UInt, _ slotSize: UInt, _ slotCount: UInt
  ) -> Bool {
    let chunk = Self.chunk
    // Of the slots of 16 bytes two lie within reach on each side.
    guard slotSize != chunk else { return hasIntactSmallNeighbours(index, address, slotCount) }
    var written = Chunk.zero
    if index != 0, isFree(index &- 1) { written |= self.chunk(address &- 2 &* chunk) | self.chunk(address &- chunk) }
    if index &+ 1 < slotCount, isFree(index &+ 1) {
      let above = address &+ slotSize
      written |= self.chunk(above) | self.chunk(above &+ chunk)
    }
    return written[0] | written[1] == 0
  }

  @inline(__always) private func hasIntactSmallNeighbours(
    _ index: UInt, _ address: UInt, _ slotCount: UInt
  ) -> Bool {
    var written = Chunk.zero
    for distance: UInt in 1...2 {
      if index >= distance, isFree(index &- distance) { written |= chunk(address &- distance &* Self.chunk) }
      if index &+ distance < slotCount, isFree(index &+ distance) {
        written |= chunk(address &+ distance &* Self.chunk)
      }
    }
    return written[0] | written[1] == 0
  }

  /// Reports each free slot beside an object that was written to, and retires it. Then frees the object.
  @inline(never) func deallocateBesideWrite(_ address: UInt) -> Status {
    let (index, slotSize) = (slot(ofAny: address).index, UInt(pointee.slotSize))
    let near = min(slotSize, 2 * Self.chunk)
    for distance in 1...max(2 * Self.chunk / slotSize, 1) {
      if index >= distance, isFree(index - distance) {
        let below = address - distance * slotSize
        if !ZeroMemory.isClear(below + slotSize - near, near) { reportWrite(index - distance, below) }
      }
      if index + distance < UInt(pointee.slotCount), isFree(index + distance) {
        let above = address + distance * slotSize
        if !ZeroMemory.isClear(above, near) { reportWrite(index + distance, above) }
      }
    }
    return deallocateIntact(address, mark(index), bin)
  }

  private func reportWrite(_ index: UInt, _ address: UInt) {
    retire(index, address)
    _ = bin.pointee.heap.pool.report(address, .writeAfterFree)
  }

  @inline(__always) private func isFree(_ index: UInt) -> Bool {
    atomicMark(index).pointee.load(ordering: .relaxed) & Mark.freeBit != 0
  }

  @inline(__always) private func chunk(_ address: UInt) -> Chunk {
    unsafeBitCast(UnsafePointer<Chunk>(bitPattern: address), to: UnsafePointer<Chunk>.self).pointee
  }
}
