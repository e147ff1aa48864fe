/// The size and the alignment of an object, in bytes.
public struct Layout: Equatable, Sendable {
  public var size: Int
  public var alignment: Int

  /// Takes any numbers. The allocator throws `invalidLayout` for a layout that it cannot serve.
  public init(size: Int, alignment: Int) {
    self.size = size
    self.alignment = alignment
  }

  /// The layout of a Swift value.
  public init<Value: ~Copyable>(of type: Value.Type) {
    self.init(size: MemoryLayout<Value>.size, alignment: MemoryLayout<Value>.alignment)
  }
}

/// The slot size of the largest class, in bytes. Larger objects take runs of their own.
@inline(__always) var maxSize: UInt { Build.isSmall ? 2048 : 128 << 10 }

/// The address of a pointer, 0 for nil. `UInt(bitPattern:)` of an optional would first compare with nil.
@inline(__always) func bits(_ pointer: UnsafeMutableRawPointer?) -> UInt {
  unsafeBitCast(pointer, to: UInt.self)
}

/// The word behind C's size_t, which Swift imports as Int.
@inline(__always) func bits(_ size: Int) -> UInt { UInt(bitPattern: size) }

@inline(__always) func isPowerOfTwo(_ value: UInt) -> Bool {
  value != 0 && value & (value &- 1) == 0
}

/// The next multiple of a power of two. Wraps to 0 past the end of the address space.
@inline(__always) func roundUp(_ value: UInt, to alignment: UInt) -> UInt {
  (value &+ alignment &- 1) & ~(alignment &- 1)
}

/// Whether some object can have this alignment.
@inline(__always) func isServable(alignment: UInt) -> Bool {
  isPowerOfTwo(alignment) && (!Build.isSmall || alignment <= maxSize)
}

/// A word with its `count` lowest bits set. From 64 on, all bits are set.
@inline(__always) func lowBits(_ count: UInt) -> UInt64 {
  count >= 64 ? UInt64.max : (1 &<< UInt64(count)) &- 1
}

@inline(__always) func clear(_ memory: UnsafeMutableRawPointer, _ size: UInt) {
  memory.initializeMemory(as: UInt8.self, repeating: 0, count: Int(bitPattern: size))
}
