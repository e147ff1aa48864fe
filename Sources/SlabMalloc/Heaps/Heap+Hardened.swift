import CSlabPort
import Synchronization

/// Profile hardened: allocations and deallocations that cost more and find more.
///
///     slot:   | object, 0 until it is handed out ...                    | canary |
///
/// - A canary ends each slot: a secret xor its address. A free finds whether something was written over it.
/// - A free clears the slot, and an allocation looks whether it still is: a write after free.
/// - A freed slot goes to the quarantine of its bin, where it takes the place of a random one, which becomes available. The
///   quarantine is what the stack of ready slots is otherwise; for their slabs its slots are used, for everybody else free.
/// - An allocation takes a random slot of a word; the first word of a slab is a random one.
/// - A slab of which nothing is used stays if it is the only one that its bin has: then it needn't be guarded again.
/// - Each slab, large object and page of metadata ends with a guard page, see `ProcessHeap+Guards`.
///
/// No other profile pays for it: a hardened heap has `directLimit` 0, so that its allocations come here, and hardened slabs
/// have the reciprocal 0, which no address passes, so that their frees come here by way of `heapRefuse`.
extension UnsafeMutablePointer where Pointee == Heap {
  func allocateHardened(_ size: UInt, alignment: UInt = 1) -> UInt {
    guard let index = pointee.process.sizeClass(size, alignment: alignment) else {
      return allocateLarge(size, alignment: alignment).start
    }
    return bin(index).allocateHardened()
  }

  /// Frees a slot of a hardened slab that this heap owns.
  func deallocateHardened(_ address: UInt, _ run: RunPointer) -> Status {
    let (index, isStart) = run.place(of: address)
    guard isStart, index < UInt(run.pointee.slotCount) else { return pointee.process.report(address) }
    let refusal = startClearing(address, run, index)
    guard refusal == ok else { return refusal }
    run.clear(address)
    run.atomicMark(index).pointee.store(Mark.free, ordering: .releasing)
    run.bin.quarantine(ReadySlot(address: address, run: run, mark: run.mark(index)), random())
    return ok
  }

  /// Makes all slots in quarantine available.
  func endQuarantine() {
    for index in 0..<SizeClass.count { bin(index).endQuarantine() }
  }

  /// Makes a slot whose object is whole one that is about to be cleared. Reports what it is otherwise, and returns that. Whoever frees
  /// the object at the same moment clears its canary, but not before its mark has changed.
  func startClearing(_ address: UInt, _ run: RunPointer, _ index: UInt) -> Status {
    let mark = run.atomicMark(index)
    let isWhole = hasCanary(address, run)
    guard mark.pointee.load(ordering: .acquiring) == Mark.used else { return process.report(address) }
    guard isWhole else { return process.report(address, AllocationError.overflow.code) }
    let (isChanged, _) = mark.pointee.compareExchange(
      expected: Mark.used, desired: Mark.clearing, ordering: .acquiringAndReleasing)
    return isChanged ? ok : process.report(address)
  }

  /// Whether nothing was written behind an object.
  func hasCanary(_ address: UInt, _ run: RunPointer) -> Bool {
    let canary = run.canary(address)
    return canary.pointee == process.canary(canary)
  }

  func random() -> UInt { UInt(pointee.random.next()) }

  /// Below a limit.
  func random(below limit: UInt) -> UInt { random().multipliedFullWidth(by: limit).high }
}

extension UnsafeMutablePointer where Pointee == HeapBin {
  func allocateHardened() -> UInt {
    let heap = pointee.heap
    while pointee.pending != 0 || advance() {
      let address = claimRandom(heap.random())
      let run = unsafeBitCast(pointee.current, to: RunPointer.self)
      if run.isClear(address) {
        let canary = run.canary(address)
        canary.pointee = heap.process.canary(canary)
        return address
      }
      // Whoever wrote to it may do so again: nobody gets it.
      _ = heap.process.report(address, AllocationError.writeAfterFree.code)
    }
    return noMemory()
  }

  /// Takes one of the pending slots.
  private func claimRandom(_ random: UInt) -> UInt {
    let slots = pointee.pending
    let chosen = choose(slots, random)
    let address = claim(chosen)
    pointee.pending = slots & ~chosen
    return address
  }

  /// One of some bits: each as likely, if there are many; if there are few, more likely one with none before it.
  private func choose(_ bits: UInt64, _ random: UInt) -> UInt64 {
    var random = UInt64(truncatingIfNeeded: random)
    for _ in 0..<4 {
      let bit: UInt64 = 1 &<< random
      if bits & bit != 0 { return bit }
      random &>>= 6
    }
    let above = bits & (UInt64.max &<< random)
    let left = above != 0 ? above : bits
    return left & (0 &- left)
  }

  /// Holds a slot back, and makes another one available if there are enough of them.
  fileprivate func quarantine(_ freed: ReadySlot, _ random: UInt) {
    let size = UInt(MemoryLayout<ReadySlot>.stride)
    if pointee.top != pointee.limit {
      Self.ready(at: pointee.top).pointee = freed
      pointee.top += size
      return
    }
    let first = pointee.bottom + size
    let place = first + random.multipliedFullWidth(by: (pointee.limit - first) / size).high * size
    let other = Self.ready(at: place).pointee
    Self.ready(at: place).pointee = freed
    letGo(other)
  }

  /// Makes all slots in quarantine available.
  func endQuarantine() {
    while !isStackEmpty {
      pointee.top -= UInt(MemoryLayout<ReadySlot>.stride)
      letGo(Self.ready(at: pointee.top).pointee)
    }
  }

  /// Its slab may be nobody's by now, or another heap's: then the free is a remote one.
  private func letGo(_ slot: ReadySlot) {
    let index = UInt(slot.mark - slot.run.pointee.marks)
    if slot.run.currentOwner.alone == pointee.heap.address {
      _ = heapDeallocateToWord(slot.run.raw, index)
    } else {
      slot.run.atomicMark(index).pointee.store(Mark.remote, ordering: .releasing)
      _ = pointee.heap.countRemoteFree(slot.address, slot.run, index)
    }
  }
}

extension UnsafeMutablePointer where Pointee == Run {
  @inline(__always) var isHardened: Bool { pointee.reciprocal == 0 }

  /// What `slot(at:)` says, for hardened slabs too.
  func place(of address: UInt) -> (index: UInt, isStart: Bool) {
    guard isHardened else { return slot(at: address) }
    let (index, rest) = (address &- pointee.start).quotientAndRemainder(dividingBy: UInt(pointee.slotSize))
    return (index, rest == 0)
  }

  /// The last word of a slot.
  fileprivate func canary(_ address: UInt) -> UnsafeMutablePointer<UInt> {
    words(address) + (Int(pointee.slotSize) / MemoryLayout<UInt>.size - 1)
  }

  fileprivate func clear(_ address: UInt) {
    words(address).initialize(repeating: 0, count: Int(pointee.slotSize) / MemoryLayout<UInt>.size)
  }

  fileprivate func isClear(_ address: UInt) -> Bool {
    let words = words(address)
    var sum: UInt = 0
    for index in 0..<Int(pointee.slotSize) / MemoryLayout<UInt>.size { sum |= words[index] }
    return sum == 0
  }

  private func words(_ address: UInt) -> UnsafeMutablePointer<UInt> {
    UnsafeMutablePointer<UInt>(bitPattern: address).unsafelyUnwrapped
  }

  /// Another thread than the owner has made a slot `clearing`: its memory, and then its mark, say that it is free.
  func clearRemotely(_ address: UInt, _ index: UInt) {
    clear(address)
    atomicMark(index).pointee.store(Mark.remote, ordering: .releasing)
  }
}

extension UnsafeMutablePointer where Pointee == ProcessHeap {
  fileprivate func canary(_ place: UnsafeMutablePointer<UInt>) -> UInt {
    Canary.word(pointee.secret, at: UInt(bitPattern: place))
  }
}
