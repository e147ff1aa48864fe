import CSlabPort

/// The services that the core needs from the machine. `Platform` and `Lock` are the only Swift code that distinguishes
/// targets.
enum Platform {
  @inline(__always) static func pause() { slm_port_pause() }

  /// Bits that nobody can guess, as far as the platform has any.
  static func random() -> UInt64 { slm_port_random() }

  #if SLM_HOSTED
    /// Whether zones for several threads can work.
    @inline(__always) static var servesThreads: Bool { true }

    /// Identifies the calling thread; never 0.
    @inline(__always) static func context() -> UInt { UInt(slm_port_thread()) }

    /// Stands for the number of the CPU: threads count up from 0.
    @inline(__always) static func cpu() -> UInt { UInt(slm_port_thread_number()) }

    /// Like `cpu()`, but without a call. Returns a number above all others if this thread has no number yet.
    @inline(__always) static func cpuIfNumbered() -> UInt { UInt(slm_port_thread_number_if_any()) }

    /// Sleeps while the word has this value. May return early.
    static func wait(_ word: UnsafeMutablePointer<UInt32>, while value: UInt32) { slm_port_wait(word, value) }

    @inline(never) static func wakeOne(_ word: UnsafeMutablePointer<UInt32>) { slm_port_wake_one(word) }
  #else
    /// Whether zones for several threads can work: the embedder tells CPUs apart, and the machine has atomics.
    static var servesThreads: Bool { slm_port_serves_threads() != 0 }

    /// Identifies the calling CPU or thread.
    @inline(__always) static func context() -> UInt { UInt(slm_port_context()) }
    @inline(__always) static func cpu() -> UInt { context() }
    @inline(__always) static func cpuIfNumbered() -> UInt { context() }

    /// Disables interrupts and returns their former state.
    @inline(__always) static func disableInterrupts() -> UInt { UInt(slm_port_disable_interrupts()) }
    @inline(__always) static func restoreInterrupts(_ state: UInt) { slm_port_restore_interrupts(state) }
  #endif
}
