extension PoolIn where Element: ~Copyable, Source: ~Escapable {
  /// Names a value of a pool: its slot, and the slot's generation when the value came. It may be copied, compared,
  /// hashed, and sent to other threads. It owns nothing.
  ///
  /// It has 8 bytes, and so has an optional one: a generation is odd, and never 0. It lies in a pointer, because Swift
  /// keeps nil in the 0 of a pointer, and in no value of an integer. Nobody follows that pointer.
  @safe
  public struct Handle: Hashable, @unchecked Sendable, BitwiseCopyable {
    #if _pointerBitWidth(_64)
      /// The generation above the index.
      @usableFromInline let word: UnsafeRawPointer

      @inlinable @inline(__always)
      init(index: UInt32, generation: UInt32) {
        word = UnsafeRawPointer(bitPattern: UInt(generation) &<< 32 | UInt(index)).unsafelyUnwrapped
      }

      @inlinable @inline(__always) var index: UInt32 { UInt32(truncatingIfNeeded: UInt(bitPattern: word)) }
      @inlinable @inline(__always) var generation: UInt32 { UInt32(truncatingIfNeeded: UInt(bitPattern: word) &>> 32) }
    #else
      @usableFromInline let index: UInt32
      @usableFromInline let word: UnsafeRawPointer

      @inlinable @inline(__always)
      init(index: UInt32, generation: UInt32) {
        self.index = index
        word = UnsafeRawPointer(bitPattern: UInt(generation)).unsafelyUnwrapped
      }

      @inlinable @inline(__always) var generation: UInt32 { UInt32(truncatingIfNeeded: UInt(bitPattern: word)) }
    #endif
  }
}
