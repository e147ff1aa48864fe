import CSlabPort
import CSlabmalloc
import Synchronization

/// The process's heap profile: which call stacks allocated what, known from samples.
///
/// The heaps choose the samples, see `HeapState+Sampled`. A sample is noted under its call stack and its size; the
/// object's address leads to that record until the object ends:
///
///     object ── objects ──> record: size, samples allocated, live, live at the peak
///     call stack ── stacks ───┘  └──> frames ──> places
///
/// The profile of a process begins with `start`, and `stop` keeps it: objects that end still leave it. Its memory is
/// bounded. What no longer fits is counted as lost, and is no sample.
///
/// Lock: `lock` guards all but `on`. It stands behind that of the run pool. Nothing of the program or of the C library
/// is called while it is held; the call stack is read before.
struct Sampler: ~Copyable {
  let lock: OwnedLock
  let on: Atomic<UInt32>
  /// The process, so that the child of a vfork is recognised.
  var process: UInt
  /// nil before the environment was read, and when the process has written its file.
  var options: SampleOptions?
  /// Bytes from one sample to the next, on average.
  var rate: UInt
  var random: SplitMix
  /// nil before the first start.
  var memory: SampleMemory?
  var objects: SampleTable
  var stacks: SampleTable
  var places: SampleTable
  /// Bytes that live samples stand for, the most that they came to, and how often there was a new peak.
  var live: UInt
  var peak: UInt
  var peaks: UInt
  /// Samples that found no room.
  var lost: UInt
}

typealias SamplerPointer = UnsafeMutablePointer<Sampler>

extension UnsafeMutablePointer where Pointee == Sampler {
  static var shared: SamplerPointer { slm_port_sampler_address().assumingMemoryBound(to: Sampler.self) }

  var isOn: Bool { pointee.on.load(ordering: .relaxed) != 0 }

  /// Starts with an empty profile.
  func start(rate: UInt) -> Status {
    guard rate != 0, rate <= SampleOptions.mostRate else { return .invalidArgument }
    // Loads the unwinder, which may allocate. Without one the profile has sizes, and no call stacks.
    _ = slm_port_load_unwinder()
    pointee.lock.acquire()
    guard !isOn else {
      pointee.lock.release()
      return .inUse
    }
    guard reset() else {
      pointee.lock.release()
      return .outOfMemory
    }
    pointee.rate = rate
    pointee.random = SplitMix(state: slm_port_random())
    pointee.process = UInt(slm_port_process_id())
    pointee.on.store(1, ordering: .relaxed)
    pointee.lock.release()
    let hooks = SamplerHooks(nextGap: sampleGap, note: noteSample, forget: forgetSample)
    ProcessPointer.shared.heaps.startSampling(hooks)
    return .ok
  }

  /// Keeps the profile. False if nothing is sampled.
  func stop() -> Bool {
    guard pointee.on.exchange(0, ordering: .relaxed) != 0 else { return false }
    ProcessPointer.shared.heaps.stopSampling()
    return true
  }

  /// Empties the profile. Objects in it are no samples any more.
  private func reset() -> Bool {
    if pointee.memory == nil { pointee.memory = SampleMemory() }
    guard pointee.memory != nil else { return false }
    pointee.memory?.recordCount = 0
    pointee.memory?.frameCount = 0
    pointee.memory?.placeCount = 0
    pointee.objects.dispose()
    pointee.stacks.dispose()
    pointee.places.dispose()
    (pointee.live, pointee.peak, pointee.peaks, pointee.lost) = (0, 0, 0, 0)
    return true
  }
}

// What the heaps call.

private func sampleGap() -> Int {
  let sampler = SamplerPointer.shared
  sampler.pointee.lock.acquire()
  let gap = SampleMath.gap(sampler.pointee.random.next(), rate: sampler.pointee.rate)
  sampler.pointee.lock.release()
  return gap
}

private func noteSample(_ address: UInt, _ bytes: UInt) -> Bool { SamplerPointer.shared.note(address, bytes) }

private func forgetSample(_ address: UInt) { SamplerPointer.shared.forget(address) }
