import CSlabPort
import Synchronization

/// What the core asks of the machine below it. The only Swift file that tells targets apart.
enum Platform {
  @inline(__always) static func pause() {
    #if arch(x86_64) || arch(arm64)
      atomicMemoryFence(ordering: .acquiring)
    #endif
  }

  #if os(Linux)
    /// Which thread runs this; never 0.
    @inline(__always) static func context() -> UInt { UInt(slm_port_thread()) }

    /// Sleeps while the word has this value; may return early.
    static func wait(_ word: UnsafeMutablePointer<UInt32>, while value: UInt32) { slm_port_wait(word, value) }

    static func wakeOne(_ word: UnsafeMutablePointer<UInt32>) { slm_port_wake_one(word) }
  #else
    /// Which CPU or thread runs this.
    @inline(__always) static func context() -> UInt { UInt(slm_port_context()) }

    /// Nothing to sleep on: the caller looks again.
    static func wait(_ word: UnsafeMutablePointer<UInt32>, while value: UInt32) { pause() }

    static func wakeOne(_ word: UnsafeMutablePointer<UInt32>) {}
  #endif
}
