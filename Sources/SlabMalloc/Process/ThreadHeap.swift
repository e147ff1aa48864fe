import CSlabPort
import CSlabmalloc

/// The heap of the calling thread: taken when the thread first needs one, given back when it ends.
///
/// A thread's pointer leads to one of three: a heap; the stand-in `none`, before it has one; the stand-in `exited`,
/// after it has given it back. That is in the second round of the destructors of its keys: what those of the first
/// round free, they free like the thread itself. What a thread still does later borrows a heap for each call.
///
///     none ── first call ──> heap ── second round ──> exited ── each call ──> a borrowed heap, given back at once
///
/// While there is a trace, a thread with a heap stays at `none`, so that every call comes here and is recorded.
extension UnsafeMutablePointer where Pointee == HeapState {
  @inline(__always) static var thread: HeapPointer {
    slm_port_thread_heap().unsafelyUnwrapped.assumingMemoryBound(to: HeapState.self)
  }

  private var isExited: Bool { raw == slm_port_exited_heap_address() }

  /// The heap of the calling thread, also while there is a trace: then `thread` stays what it was before.
  static var own: HeapPointer { traced ?? thread }
  static var traced: HeapPointer? { slm_port_traced_heap()?.assumingMemoryBound(to: HeapState.self) }

  /// Runs the body with a heap for this thread, which has none, and records the call if there is a trace. Runs
  /// `withoutHeap` if there is no memory for a heap.
  fileprivate func serve(
    _ call: TracedCall?, withoutHeap: (HeapPoolPointer) -> UInt = { _ in noMemory() }, _ body: (HeapPointer) -> UInt
  ) -> UInt {
    ProcessPointer.shared.prepare()
    guard let call, TracePointer.shared.isOn else { return withHeap(body, withoutHeap) }
    return TracePointer.shared.record(call) { withHeap(body, withoutHeap) }
  }

  private func withHeap(_ body: (HeapPointer) -> UInt, _ withoutHeap: (HeapPoolPointer) -> UInt) -> UInt {
    if let heap = HeapPointer.traced {
      if !TracePointer.shared.isOn { heap.becomeThreads() }
      return body(heap)
    }
    let heaps = ProcessPointer.shared.heaps
    guard let heap = heaps.takeHeap() else { return withoutHeap(heaps) }
    if isExited {
      let result = body(heap)
      heaps.takeBack(heap)
      return result
    }
    heap.becomeThreads()
    slm_port_watch_thread(heap.raw)
    return body(heap)
  }

  /// Makes this the heap of the thread; while there is a trace, behind the stand-in, so that every call comes to
  /// `serve`.
  func becomeThreads() {
    let isTraced = TracePointer.shared.isOn
    slm_port_set_thread_heap(isTraced ? slm_port_no_heap_address() : raw)
    slm_port_set_traced_heap(isTraced ? raw : nil)
  }
}

// What a stand-in leads to, see `slm_port_stand_in`. The arguments are those of the call; the stand-in comes last,
// since the call's own arguments stay in their registers. Each `heap` is the stand-in of the calling thread, a
// `HeapState` that serves nothing.

@c(slm_core_thread_allocate)
@usableFromInline
func threadAllocate(_ size: UInt, _ heap: UnsafeMutableRawPointer) -> UInt {
  heap.assumingMemoryBound(to: HeapState.self).serve(.malloc(size)) { UInt(bitPattern: $0.allocate(size)) }
}

@c(slm_core_thread_allocate_aligned)
@usableFromInline
func threadAllocateAligned(_ size: UInt, _ alignment: UInt, _ heap: UnsafeMutableRawPointer) -> UInt {
  heap.assumingMemoryBound(to: HeapState.self).serve(.aligned(size, alignment)) {
    $0.allocate(size, alignment: alignment)
  }
}

@c(slm_core_thread_allocate_zeroed)
@usableFromInline
func threadAllocateZeroed(_ size: UInt, _ heap: UnsafeMutableRawPointer) -> UInt {
  heap.assumingMemoryBound(to: HeapState.self).serve(.calloc(size)) { $0.allocateZeroed(size) }
}

@c(slm_core_thread_reallocate)
@usableFromInline
func threadReallocate(_ address: UInt, _ size: UInt, _ heap: UnsafeMutableRawPointer) -> UInt {
  heap.assumingMemoryBound(to: HeapState.self).serve(
    .realloc(address, size), withoutHeap: { $0.reallocateWithoutHeap(address, size) }
  ) { $0.reallocate(address, size) }
}

/// Returns a status.
@c(slm_core_thread_deallocate)
@usableFromInline
func threadDeallocate(_ address: UInt, _ heap: UnsafeMutableRawPointer) -> Int32 {
  let heap = heap.assumingMemoryBound(to: HeapState.self)
  if TracePointer.shared.isOn { return heap.deallocateTraced(address).rawValue }
  // A pointer that is freed before anything was allocated is reported, for which the process must be set up.
  ProcessPointer.shared.prepare()
  return heap.deallocateElsewhere(address).rawValue
}

/// Gives a heap to a thread that must adopt a slab. Returns 0.
/// - Parameter run: the `PageRun` of the slab, of which the thread is the notifier.
@c(slm_core_thread_adopt)
@usableFromInline
func threadAdopt(_ run: UnsafeMutableRawPointer, _ heap: UnsafeMutableRawPointer) -> UInt {
  heap.assumingMemoryBound(to: HeapState.self).serve(nil) {
    $0.adopt(run.assumingMemoryBound(to: PageRun.self))
    return 0
  }
}

/// The thread ends. It may have a heap, a slot, or both.
@c(slm_core_thread_ended)
@usableFromInline
func threadEnded() {
  let heap = HeapPointer.own
  slm_port_set_thread_heap(slm_port_exited_heap_address())
  slm_port_set_traced_heap(nil)
  // A destructor that still uses an explicit heap borrows a slot.
  ThreadSlots.end()
  TracePointer.shared.recordThreadEnd {
    if heap.isInitialized { ProcessPointer.shared.heaps.takeBack(heap) }
  }
}
