import CSlabPort
import Synchronization

/// The process's trace. Whoever allocates or frees holds its lock until that is done, so that the order is total.
///
/// States: off; on, from the environment's option to the end of the process, the last misuse, or what can't be written. Off for
/// good in the child of a fork.
struct Trace: ~Copyable {
  var lock: Lock
  /// Atomic.
  var isOn: UInt32
  /// The thread that holds the pointee.lock. Atomic: another thread never finds itself there.
  var holder: UInt
  /// A part of the file: where it is mapped, from where in the file, and what is written of it.
  var window: UnsafeMutablePointer<UInt8>
  var start: Int
  var count: Int
  var threads: UInt
  /// The one of the last record, 1 + its number; 0 before there is one.
  var thread: UInt
  var objects: UInt
  var operations: UInt
  /// Of whoever holds the lock: its call has a record, and that a misuse of it has one too.
  var isInOperation: Bool
  var isMisused: Bool
  /// Bytes asked for and not freed, and their peak.
  var live: UInt
  var peak: UInt
  var table: TraceTable

  static var windowBytes: Int { 1 << 18 }
}

typealias TracePointer = UnsafeMutablePointer<Trace>

extension UnsafeMutablePointer where Pointee == Trace {
  @inline(__always) static var shared: TracePointer { slm_port_trace_address().assumingMemoryBound(to: Trace.self) }

  private var raw: UnsafeMutableRawPointer { UnsafeMutableRawPointer(self) }
  @inline(__always) private var on: UnsafeMutablePointer<Atomic<UInt32>> {
    raw.advanced(by: 4).assumingMemoryBound(to: Atomic<UInt32>.self)
  }
  private var holder: UnsafeMutablePointer<Atomic<UInt>> {
    raw.advanced(by: 8).assumingMemoryBound(to: Atomic<UInt>.self)
  }

  @inline(__always) var isOn: Bool { on.pointee.load(ordering: .relaxed) != 0 }
  var isHeld: Bool { holder.pointee.load(ordering: .relaxed) == Platform.context() }

  /// Opens the file, and the trace. False if it can't be written. Without a word if somebody else records into it.
  func begin(_ path: UnsafePointer<CChar>) -> Bool {
    let opened = Int(slm_port_trace_open(path))
    guard opened == SLM_PORT_TRACE_OK else { return opened == SLM_PORT_TRACE_BUSY }
    guard map(from: 0) else {
      slm_port_trace_close(0)
      return false
    }
    let magic: StaticString = "slmtrace"
    for index in 0..<magic.utf8CodeUnitCount { add(byte: magic.utf8Start[index]) }
    add(byte: TraceKind.version)
    on.pointee.store(1, ordering: .relaxed)
    // The first thread may have a heap already.
    if HeapPointer.thread.isInitialized { HeapPointer.thread.becomeThreads() }
    return true
  }

  /// Takes the pointee.lock. False if there is no trace, or this thread has the lock: what a call of malloc calls is not recorded.
  func acquire() -> Bool {
    guard isOn, !isHeld else { return false }
    pointee.lock.acquire()
    guard isOn else {
      pointee.lock.release()
      return false
    }
    holder.pointee.store(Platform.context(), ordering: .relaxed)
    pointee.isInOperation = false
    pointee.isMisused = false
    return true
  }

  func release() {
    holder.pointee.store(0, ordering: .relaxed)
    pointee.lock.release()
  }

  /// The process ends.
  func end() {
    guard acquire() else { return }
    makeRoom()
    add(TraceKind.end) {
      add(pointee.operations)
      add(pointee.peak)
    }
    close()
    release()
  }

  func beforeFork() { pointee.lock.acquire() }

  func afterFork() { pointee.lock.release() }

  func afterForkInChild() {
    if isOn { close() }
    if let heap = HeapPointer.traced { heap.becomeThreads() }
    pointee.lock.release()
  }

  /// The lock is held.
  func close() {
    guard isOn else { return }
    on.pointee.store(0, ordering: .relaxed)
    slm_port_unmap(pointee.window, Trace.windowBytes)
    slm_port_trace_close(pointee.start + pointee.count)
    // So that nothing is added any more.
    pointee.count = Trace.windowBytes
    pointee.table.dispose()
  }

  /// Ends the trace in the middle.
  func giveUp(_ why: StaticString) {
    guard isOn else { return }
    close()
    var line = TextLine()
    line.add("slabmalloc: the trace ends here: ")
    line.add(why)
    line.write()
  }
}

/// Records into the file.
extension UnsafeMutablePointer where Pointee == Trace {
  /// Makes room for two records. The trace may be off afterwards: then what is added is lost.
  func makeRoom() {
    guard isOn, pointee.count > Trace.windowBytes - 2 * TraceKind.most else { return }
    let end = pointee.start + pointee.count
    let old = pointee.window
    guard map(from: end) else { return giveUp("its file can't be written") }
    slm_port_unmap(old, Trace.windowBytes)
  }

  /// Maps the part of the file around its end.
  private func map(from end: Int) -> Bool {
    let start = end & ~(Int(slm_port_page_size()) - 1)
    guard let window = slm_port_trace_map(start, Trace.windowBytes) else { return false }
    pointee.window = window.bindMemory(to: UInt8.self, capacity: Trace.windowBytes)
    pointee.start = start
    pointee.count = end - start
    return true
  }

  /// Adds a record. Its first byte is written last: if the process is killed before, there is nothing.
  func add(_ kind: UInt8, _ fields: () -> Void = {}) {
    let position = pointee.count
    add(byte: 0)
    fields()
    if isOn { pointee.window[position] = kind }
  }

  func add(byte: UInt8) {
    guard pointee.count < Trace.windowBytes else { return }
    pointee.window[pointee.count] = byte
    pointee.count += 1
  }

  func add(_ number: UInt) {
    var rest = number
    while rest >= 128 {
      add(byte: UInt8(truncatingIfNeeded: rest) | 128)
      rest >>= 7
    }
    add(byte: UInt8(truncatingIfNeeded: rest))
  }
}
