import CSlabPort

/// Clears memory and checks that memory is clear: in a hardened zone a free slot is zero. Starts and sizes are
/// multiples of 16 unless a function states otherwise.
enum ZeroMemory {
  private typealias Line = (SIMD2<UInt64>, SIMD2<UInt64>, SIMD2<UInt64>, SIMD2<UInt64>)

  /// From this size on the C library clears. Below it a loop over a few lines is faster than the call.
  @inline(__always) private static var callFrom: UInt { 512 }

  @inline(__always) static func clear(_ start: UInt, _ bytes: UInt) {
    guard bytes < callFrom else { return clearMuch(start, bytes) }
    var place = start
    let end = start &+ bytes
    let lines = start &+ (bytes & ~63)
    while place != lines {
      pointer(place, Line.self).pointee = (.zero, .zero, .zero, .zero)
      // The value is opaque, because the compiler would otherwise replace the loop with a call of memset.
      place = slm_port_opaque(place) &+ 64
    }
    while place != end {
      pointer(place, SIMD2<UInt64>.self).pointee = .zero
      place = slm_port_opaque(place) &+ 16
    }
  }

  @inline(never) private static func clearMuch(_ start: UInt, _ bytes: UInt) {
    pointer(start, UInt8.self).initialize(repeating: 0, count: Int(bitPattern: bytes))
  }

  /// Whether this many bytes are 0. The loop reads all of them without a branch, and therefore checks 64 bytes at once.
  /// With `by8`, start and size need only be multiples of 8.
  @inline(__always) static func isClear(_ start: UInt, _ bytes: UInt, by8: Bool = false) -> Bool {
    var place = start
    var rest = bytes
    // The rest of less than a line is opaque. Otherwise the compiler unrolls that loop, and small slots take longer.
    guard !by8 else {
      var sum: UInt64 = 0
      while rest != 0 {
        sum |= pointer(place, UInt64.self).pointee
        place &+= 8
        rest = slm_port_opaque(rest &- 8)
      }
      return sum == 0
    }
    var sum = SIMD2<UInt64>.zero
    let lines = start &+ (bytes & ~63)
    while place != lines {
      let line = pointer(place, Line.self).pointee
      sum |= (line.0 | line.1) | (line.2 | line.3)
      place &+= 64
    }
    rest = bytes & 63
    while rest != 0 {
      sum |= pointer(place, SIMD2<UInt64>.self).pointee
      place &+= 16
      rest = slm_port_opaque(rest &- 16)
    }
    return sum[0] | sum[1] == 0
  }

  @inline(__always) private static func pointer<Value>(_ address: UInt, _: Value.Type) -> UnsafeMutablePointer<Value> {
    unsafeBitCast(UnsafeMutablePointer<Value>(bitPattern: address), to: UnsafeMutablePointer<Value>.self)
  }
}
