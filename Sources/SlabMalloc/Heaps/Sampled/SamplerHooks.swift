import Synchronization

/// What a sampler hands to the pool of heaps. The heaps choose the objects, and the sampler keeps the profile: the pool
/// knows no process.
///
/// Each is called by the thread that allocates or frees, with or without the lock of the run pool. The sampler's own
/// lock stands behind that one.
struct SamplerHooks {
  /// Bytes until the next sample: an exponential random number whose mean is the rate.
  let nextGap: @convention(c) () -> Int
  /// Notes an object that was just allocated, of so many bytes, with the call stack. False if it is not noted.
  let note: @convention(c) (_ address: UInt, _ bytes: UInt) -> Bool
  /// The object ends.
  let forget: @convention(c) (_ address: UInt) -> Void
}

extension UnsafeMutablePointer where Pointee == HeapPool {
  /// Samples what the threads' heaps allocate from now on.
  func startSampling(_ sampler: SamplerHooks) {
    locked {
      pointee.sampler = sampler
      pointee.isSampling = true
      forEachThreadHeap { $0.startSampling() }
    }
  }

  /// Samples no more. Objects that were sampled still end in the profile.
  func stopSampling() {
    locked {
      pointee.isSampling = false
      forEachThreadHeap { $0.stopSampling() }
    }
  }

  /// Calls the body with each heap that a thread has. A part of an explicit heap is none. A heap has metadata pages of
  /// its own, and they lead to it.
  /// Requires: the lock of the run pool.
  private func forEachThreadHeap(_ body: (HeapPointer) -> Void) {
    assertLocked()
    let blockSize = Metadata.lines(HeapState.size) * Metadata.line
    forEachRun { run in
      guard run.pointee.kind == .metadata, MetadataPage(run).blockSize == blockSize,
        let heap = HeapPointer(bitPattern: run.pointee.start), heap.isInitialized, heap.pointee.explicit == nil
      else { return }
      body(heap)
    }
  }

  /// Ends the sample of an object in a slab: its mark becomes a used one. False if the object is not sampled, or
  /// another thread ends its sample at the same moment.
  func endSample(_ address: UInt, _ run: RunPointer) -> Bool {
    guard let sampler = pointee.sampler else { return false }
    let (index, isStart) = run.slot(ofAny: address)
    guard isStart, index < UInt(run.pointee.slotCount),
      run.atomicMark(index).pointee.load(ordering: .acquiring) == Mark.sampled
    else { return false }
    sampler.forget(address)
    return run.atomicMark(index).pointee.compareExchange(
      expected: Mark.sampled, desired: Mark.used, ordering: .acquiringAndReleasing
    ).exchanged
  }

  /// Ends the sample of a large object, if it is sampled.
  func endSample(_ object: LargeObject) {
    guard object.isSampled else { return }
    object.isSampled = false
    pointee.sampler?.forget(object.run.pointee.start)
  }
}
