import CSlabPort
import CSlabmalloc
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
/// - The run of a slab of which nothing is used is kept whole, for the next slab, see `KeptRuns`.
/// - Each slab, large object and page of metadata ends with a guard page, see `ProcessHeap+Guards`.
///
/// No other profile pays for it: a hardened heap has `directLimit` 0, so that its allocations come here, and hardened slabs
/// have the reciprocal 0, which no address passes, so that their frees come here by way of `heapRefuse`.
extension UnsafeMutablePointer where Pointee == HeapState {
  @inline(__always) func allocateHardened(_ size: UInt) -> UInt {
    guard size < HeapState.directLimit - Canary.size else { return allocateHardened(size, alignment: 1) }
    return directBin(size + Canary.size).allocateHardened()
  }

  func allocateHardened(_ size: UInt, alignment: UInt) -> UInt {
    guard let index = pointee.process.sizeClass(size, alignment: alignment) else {
      return allocateLarge(size, alignment: alignment).start
    }
    return bin(index).allocateHardened()
  }

  /// Makes all slots in quarantine available.
  func endQuarantine() {
    for index in 0..<SizeClass.count { bin(index).endQuarantine() }
  }

  func seedRandom() {
    var random = SplitMix(state: slm_port_random())
    for index in 0..<SizeClass.count { bin(index).pointee.random = random.next() }
  }

  /// Whether nothing was written behind an object.
  func hasCanary(_ address: UInt, _ run: RunPointer) -> Bool { run.hasCanary(address, process) }

  /// Frees a slot of a slab that another thread owns, or nobody: `clearing` until its memory is clear. Reports what it is
  /// otherwise, and returns that.
  func clearRemotely(_ address: UInt, _ run: RunPointer, _ index: UInt) -> Status {
    let mark = run.atomicMark(index)
    // In this order: who frees it at the same moment changes the mark before the canary.
    let isWhole = hasCanary(address, run)
    guard mark.pointee.load(ordering: .acquiring) == Mark.used else { return process.report(address) }
    guard isWhole else { return process.report(address, Status.overflow) }
    guard run.changeUsedMark(index, to: Mark.clearing) else { return process.report(address) }
    ZeroMemory.clear(address, UInt(run.pointee.slotSize))
    mark.pointee.store(Mark.remote, ordering: .releasing)
    return .ok
  }
}

extension UnsafeMutablePointer where Pointee == PageRun {
  /// Frees a slot of this hardened slab, whose owner is the thread's heap.
  @inline(__always) func deallocateHardened(_ address: UInt) -> Status {
    let bin = bin
    let process = bin.pointee.heap.pointee.process
    let (index, fraction) = (address &- pointee.start).multipliedFullWidth(by: bin.pointee.reciprocal)
    guard fraction < bin.pointee.reciprocal, index < UInt(bin.pointee.slotCount) else { return process.report(address) }
    // Before the mark, as in `clearRemotely`.
    let isWhole = hasCanary(address, process)
    let mark = mark(index)
    guard mark.pointee == Mark.used else { return process.report(address) }
    guard isWhole else { return process.report(address, Status.overflow) }
    guard changeUsedMark(index, to: Mark.free) else { return process.report(address) }
    ZeroMemory.clear(address, bin.pointee.slotSize)
    return bin.quarantine(ReadySlot(address: address, run: self, mark: mark))
  }
}

extension UnsafeMutablePointer where Pointee == PageRun {
  @inline(__always) var isHardened: Bool { pointee.reciprocal == 0 }

  /// What `slot(at:)` says, for hardened slabs too.
  func place(of address: UInt) -> (index: UInt, isStart: Bool) {
    guard isHardened else { return slot(at: address) }
    // Of a run that was given up at this moment it may be 0.
    let slotSize = max(UInt(pointee.slotSize), 1)
    let (index, rest) = (address &- pointee.start).quotientAndRemainder(dividingBy: slotSize)
    return (index, rest == 0)
  }

  /// Whether nothing was written behind an object. What is looked at next comes later.
  @inline(__always) func hasCanary(_ address: UInt, _ process: ProcessHeapPointer) -> Bool {
    let canary = Canary.place(address, UInt(pointee.slotSize))
    let found = UnsafeMutableRawPointer(canary).assumingMemoryBound(to: Atomic<UInt>.self)
    return found.pointee.load(ordering: .acquiring) == process.canary(canary)
  }

  /// The verdict on a double free, if two threads free a hardened object at once: one of them has it.
  @inline(__always) func changeUsedMark(_ index: UInt, to mark: UInt8) -> Bool {
    atomicMark(index).pointee.compareExchange(
      expected: Mark.used, desired: mark, ordering: .acquiringAndReleasing
    ).exchanged
  }
}

extension UnsafeMutablePointer where Pointee == ProcessHeap {
  @inline(__always) func canary(_ place: UnsafeMutablePointer<UInt>) -> UInt {
    Canary.word(pointee.secret, at: UInt(bitPattern: place))
  }
}
