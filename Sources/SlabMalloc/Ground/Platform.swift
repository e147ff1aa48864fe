import CSlabPort

/// What the core asks of the machine below it. With `Lock` the only Swift that tells targets apart.
enum Platform {
  @inline(__always) static func pause() { slm_port_pause() }

  /// Bits that nobody can guess, as far as the platform has any.
  static func random() -> UInt64 { slm_port_random() }

  #if SLM_HOSTED
    /// Which thread runs this; never 0.
    @inline(__always) static func context() -> UInt { UInt(slm_port_thread()) }

    /// What stands for the number of the CPU: threads count up from 0.
    @inline(__always) static func cpu() -> UInt { UInt(slm_port_thread_number()) }

    /// The same without a call; a number above all others if this thread has none yet.
    @inline(__always) static func cpuIfNumbered() -> UInt { UInt(slm_port_thread_number_if_any()) }

    /// Sleeps while the word has this value; may return early.
    static func wait(_ word: UnsafeMutablePointer<UInt32>, while value: UInt32) { slm_port_wait(word, value) }

    @inline(never) static func wakeOne(_ word: UnsafeMutablePointer<UInt32>) { slm_port_wake_one(word) }
  #else
    /// Which CPU or thread runs this.
    @inline(__always) static func context() -> UInt { UInt(slm_port_context()) }
    @inline(__always) static func cpu() -> UInt { context() }
    @inline(__always) static func cpuIfNumbered() -> UInt { context() }

    /// Returns what was before.
    @inline(__always) static func disableInterrupts() -> UInt { UInt(slm_port_disable_interrupts()) }
    @inline(__always) static func restoreInterrupts(_ state: UInt) { slm_port_restore_interrupts(state) }
  #endif
}
