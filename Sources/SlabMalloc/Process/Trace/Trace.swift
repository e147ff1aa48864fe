import CSlabPort
import Synchronization

/// The process's trace: a file of what a program asks of malloc, in the order in which it was done.
///
/// A thread that allocates or frees holds the trace's lock until the call is done, and the order is therefore total.
/// Records are written to a mapped window of the file: they stay, however the process ends.
///
/// States: off; on, from the environment's option to the end of the process, the last misuse, or the first failure to
/// write. The trace is off for good in the child of a fork.
///
/// Lock: `lock` guards all but `on`.
struct Trace: ~Copyable {
  let lock: OwnedLock
  let on: Atomic<UInt32>
  /// The window: where it is mapped, where it starts in the file, and how many of its bytes are written.
  var window: UnsafeMutablePointer<UInt8>
  var start: Int
  var count: Int
  var threads: UInt
  /// 1 + the number of the thread of the last record; 0 before there is one.
  var thread: UInt
  var objects: UInt
  var operations: UInt
  /// State of the current lock holder: whether its call, and a misuse in it, were recorded.
  var isInOperation: Bool
  var isMisused: Bool
  /// Bytes asked for and not yet freed, and their peak.
  var live: UInt
  var peak: UInt
  var table: TraceTable

  static var windowBytes: Int { 1 << 18 }
}

typealias TracePointer = UnsafeMutablePointer<Trace>

extension UnsafeMutablePointer where Pointee == Trace {
  @inline(__always) static var shared: TracePointer { slm_port_trace_address().assumingMemoryBound(to: Trace.self) }

  @inline(__always) var isOn: Bool { pointee.on.load(ordering: .relaxed) != 0 }
  var isHeld: Bool { pointee.lock.isHeld }

  /// Opens the file and starts the trace. False if the file can't be written. If another process records into it, there
  /// is no trace and no message.
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
    pointee.on.store(1, ordering: .relaxed)
    // The first thread may have a heap already.
    if HeapPointer.thread.isInitialized { HeapPointer.thread.becomeThreads() }
    return true
  }

  /// Takes the lock. False if there is no trace, or this thread has the lock: the inner calls of a call are not
  /// recorded.
  func acquire() -> Bool {
    guard isOn, !isHeld else { return false }
    pointee.lock.acquire()
    guard isOn, !closeInChild() else {
      pointee.lock.release()
      return false
    }
    pointee.isInOperation = false
    pointee.isMisused = false
    return true
  }

  func release() { pointee.lock.release() }

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

  /// Requires the trace's lock.
  func close() {
    guard isOn else { return }
    pointee.on.store(0, ordering: .relaxed)
    slm_port_unmap(pointee.window, Trace.windowBytes)
    slm_port_trace_close(pointee.start + pointee.count)
    // A full window: nothing is added any more.
    pointee.count = Trace.windowBytes
    pointee.table.dispose()
  }

  /// Ends the trace early, with a message.
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
  /// Makes room for two records. The trace may be off afterwards: what is added then is lost.
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

  /// Adds a record. Its first byte is written last: if the process is killed before that, there is no record.
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
