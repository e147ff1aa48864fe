import CSlabPort

/// The heap of the thread that runs this: taken when it first needs one, given back when it ends.
///
/// A thread's pointer leads to one of three: a heap; `none`, of zeros, before it has one; `exited`, of zeros too, after it has
/// given it back. What a thread still does then (its other destructors, the C library's own) borrows a heap for each call.
extension UnsafeMutablePointer where Pointee == HeapState {
  @inline(__always) static var thread: HeapPointer {
    slm_port_thread_heap().unsafelyUnwrapped.assumingMemoryBound(to: HeapState.self)
  }

  private var isExited: Bool { raw == slm_port_exited_heap_address() }
  private var isNone: Bool { raw == slm_port_no_heap_address() }

  /// The heap of the thread that runs this, also while there is a trace: then `thread` stays what it was before.
  static var own: HeapPointer { traced ?? thread }
  static var traced: HeapPointer? { slm_port_traced_heap()?.assumingMemoryBound(to: HeapState.self) }

  /// Runs the body with a heap for this thread, which has none, and records the call if there is a trace. 0 if there is no memory
  /// for a heap.
  func asThread(_ call: TracedCall?, _ body: (HeapPointer) -> UInt) -> UInt {
    // A heap that was destroyed.
    guard isNone || isExited else { return noMemory() }
    ProcessHeapPointer.shared.prepare()
    guard let call, TracePointer.shared.isOn else { return withHeap(body) }
    return TracePointer.shared.record(call) { withHeap(body) }
  }

  private func withHeap(_ body: (HeapPointer) -> UInt) -> UInt {
    let process = ProcessHeapPointer.shared
    if let heap = HeapPointer.traced {
      if !TracePointer.shared.isOn { heap.becomeThreads() }
      return body(heap)
    }
    guard let heap = process.takeHeap() else { return noMemory() }
    if isExited {
      let result = body(heap)
      process.giveBack(heap)
      return result
    }
    heap.becomeThreads()
    slm_port_watch_thread(heap.raw)
    return body(heap)
  }

  /// Makes this the heap of the thread; while there is a trace, behind the heap of zeros, so that every call comes to `asThread`.
  func becomeThreads() {
    let isTraced = TracePointer.shared.isOn
    slm_port_set_thread_heap(isTraced ? slm_port_no_heap_address() : raw)
    slm_port_set_traced_heap(isTraced ? raw : nil)
  }
}

extension UnsafeMutablePointer where Pointee == ProcessHeap {
  /// The process's own.
  @inline(__always) static var shared: ProcessHeapPointer {
    slm_port_process_address().assumingMemoryBound(to: ProcessHeap.self)
  }

  /// Sets the process up, once.
  func prepare() {
    guard !isReady else { return }
    let isFirst = locked {
      guard !isReady else { return false }
      initialize(.linux, .standard)
      return true
    }
    guard isFirst else { return }
    readEnvironment()
    slm_port_watch_forks()
  }
}

@c(slm_core_thread_ended)
@usableFromInline
func threadEnded(_ heap: UnsafeMutableRawPointer) {
  slm_port_set_thread_heap(slm_port_exited_heap_address())
  slm_port_set_traced_heap(nil)
  TracePointer.shared.recordThreadEnd {
    ProcessHeapPointer.shared.giveBack(heap.assumingMemoryBound(to: HeapState.self))
  }
}

@c(slm_core_before_fork)
@usableFromInline
func beforeFork() {
  TracePointer.shared.beforeFork()
  ProcessHeapPointer.shared.acquire()
}

@c(slm_core_after_fork)
@usableFromInline
func afterFork() {
  ProcessHeapPointer.shared.release()
  TracePointer.shared.afterFork()
}

@c(slm_core_after_fork_in_child)
@usableFromInline
func afterForkInChild() {
  ProcessHeapPointer.shared.release()
  TracePointer.shared.afterForkInChild()
}

@c(slm_core_process_begins)
@usableFromInline
func processBegins() {
  if ProcessHeapPointer.shared.isReady { ProcessHeapPointer.shared.readEnvironment() }
}

@c(slm_core_process_ends)
@usableFromInline
func processEnds() {
  TracePointer.shared.end()
  let process = ProcessHeapPointer.shared
  if process.isReady, process.pointee.options.printsStatistics { process.printStatistics() }
}

extension SystemMemory {
  static var linux: Self {
    Self(
      reserve: { slm_port_reserve($0) }, commit: { slm_port_commit($0, $1) },
      protect: { slm_port_protect($0, $1) }, purge: { slm_port_purge($0, $1) },
      unmap: {
        slm_port_unmap($0, $1)
        return 0
      }, move: { slm_port_move($0, $1, $2) }, pageSize: Int(slm_port_page_size()),
      milliseconds: { slm_port_milliseconds() })
  }
}

/// No object, and errno says why.
@inline(never) func noMemory() -> UInt {
  slm_port_set_errno(slm_port_no_memory())
  return 0
}
