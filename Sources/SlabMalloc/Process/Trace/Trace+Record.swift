import CSlabPort
import CSlabmalloc

/// Calls of malloc, recorded one after the other.
extension UnsafeMutablePointer where Pointee == Trace {
  /// Runs an allocation and records it.
  func record(_ call: TracedCall, _ body: () -> UInt) -> UInt {
    guard acquire() else { return body() }
    let old = write(call)
    let result = body()
    // A misuse may have ended the trace.
    guard isHeld else { return result }
    if result == 0 {
      makeRoom()
      add(TraceKind.failed)
    } else {
      note(result, call.size, old)
    }
    release()
    return result
  }

  /// Runs a deallocation and records it.
  func recordFree(_ address: UInt, _ body: () -> Status) -> Status {
    guard acquire() else { return body() }
    if let pointer = identify(address) {
      beginOperation()
      add(TraceKind.free) { add(pointer) }
      if pointer.isLive { forget(address) }
    }
    let status = body()
    if isHeld { release() }
    return status
  }

  /// Runs the end of a thread and records it.
  func recordThreadEnd(_ body: () -> Void) {
    guard acquire() else { return body() }
    beginRecord()
    add(TraceKind.stop)
    body()
    release()
  }

  /// Records a misuse, the first of a call. If it ends the process, the trace ends with it.
  func recordMisuse(_ address: UInt, _ kind: Status, isLast: Bool) {
    let wasHeld = isHeld
    guard isOn, wasHeld || acquire() else { return }
    if !pointee.isMisused {
      beginRecord()
      let pointer = identify(address) ?? TracedPointer(age: 0, offset: address, isLive: false)
      add(pointee.isInOperation ? TraceKind.misuse : TraceKind.refused) {
        add(UInt(-kind.rawValue))
        add(pointer)
      }
      pointee.isMisused = true
    }
    if isLast { close() }
    if isLast || !wasHeld { release() }
  }

  /// Writes the record of a call before it is done. Returns the object that it frees if it succeeds.
  private func write(_ call: TracedCall) -> UInt? {
    var pointer: TracedPointer?
    var old: UInt?
    if case .realloc(let address, _) = call {
      pointer = identify(address)
      if let pointer, pointer.isLive { old = address }
    }
    beginOperation()
    switch call {
    case .malloc(let size): add(TraceKind.malloc) { add(size) }
    case .calloc(let size): add(TraceKind.calloc) { add(size) }
    case .aligned(let size, let alignment):
      add(TraceKind.aligned) {
        add(UInt(alignment.trailingZeroBitCount))
        add(size)
      }
    case .realloc(_, let size):
      // An object that is older than the trace begins here.
      guard let pointer else {
        add(TraceKind.malloc) { add(size) }
        break
      }
      add(TraceKind.realloc) {
        add(pointer)
        add(size)
      }
    }
    return old
  }

  /// A new object.
  private func note(_ address: UInt, _ size: UInt, _ old: UInt?) {
    guard isOn else { return }
    if let old { forget(old) }
    pointee.objects += 1
    pointee.live += size
    pointee.peak = max(pointee.peak, pointee.live)
    if !pointee.table.insert(address, number: pointee.objects, size: size) { giveUp("no memory") }
  }

  private func forget(_ address: UInt) {
    guard isOn, let entry = pointee.table.find(address) else { return }
    pointee.live -= entry.pointee.size
    entry.pointee.sizeAndLive = entry.pointee.sizeAndLive & ~1
  }

  private func beginOperation() {
    beginRecord()
    pointee.operations += 1
    pointee.isInOperation = true
  }

  /// Adds a record of the thread, if it is another one than before.
  private func beginRecord() {
    makeRoom()
    guard isOn else { return }
    let number = UInt(slm_port_traced_number())
    if number == 0 {
      pointee.threads += 1
      slm_port_set_traced_number(pointee.threads)
      add(TraceKind.start) { add(pointee.threads - 1) }
      pointee.thread = pointee.threads
    } else if number != pointee.thread {
      add(TraceKind.thread) { add(number - 1) }
      pointee.thread = number
    }
  }
}

/// A pointer as a trace has it.
struct TracedPointer {
  var age: UInt
  var offset: UInt
  var isLive: Bool
}

extension UnsafeMutablePointer where Pointee == Trace {
  /// nil for an object that is not in this trace: it is older, or of a heap that the program made.
  fileprivate func identify(_ address: UInt) -> TracedPointer? {
    let heaps = ProcessPointer.shared.heaps
    if let entry = pointee.table.find(address), entry.pointee.isLive { return pointer(entry, 0, isLive: true) }
    let run = heaps.runs.run(around: address)
    if heaps.refusal(of: address, run) == .ok { return nil }
    if let entry = pointee.table.find(address) { return pointer(entry, 0, isLive: false) }
    if let start = run?.objectStart(around: address), let entry = pointee.table.find(start) {
      return pointer(entry, address &- start, isLive: false)
    }
    return TracedPointer(age: 0, offset: address, isLive: false)
  }

  private func pointer(_ entry: TraceTable.EntryPointer, _ offset: UInt, isLive: Bool) -> TracedPointer {
    TracedPointer(age: pointee.objects - entry.pointee.number + 1, offset: offset, isLive: isLive)
  }

  fileprivate func add(_ pointer: TracedPointer) {
    add(pointer.age << 1 | (pointer.offset == 0 ? 0 : 1))
    guard pointer.offset != 0 else { return }
    let offset = Int(bitPattern: pointer.offset)
    add(UInt(bitPattern: offset << 1 ^ offset >> (Int.bitWidth - 1)))
  }
}

extension UnsafeMutablePointer where Pointee == PageRun {
  /// The start of the object that an address lies in.
  fileprivate func objectStart(around address: UInt) -> UInt? {
    switch pointee.kind {
    // By a division, as a hardened slab has no reciprocal.
    case .slab: address - (address - pointee.start) % (isHardened ? slotDistance : UInt(pointee.slotSize))
    case .large: pointee.start
    case .unused, .free, .kept, .busy, .metadata: nil
    }
  }
}

extension UnsafeMutablePointer where Pointee == HeapState {
  /// Frees an object while there is a trace; this is a stand-in.
  @inline(never) func deallocateTraced(_ address: UInt) -> Status {
    TracePointer.shared.recordFree(address) {
      if let heap = HeapPointer.traced { return heap.deallocate(address, ProcessPointer.shared.heaps) }
      return deallocateElsewhere(address)
    }
  }
}
