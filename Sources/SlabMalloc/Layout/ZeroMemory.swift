import CSlabPort

/// Memory that reads as 0: cleared, and looked at. Starts and sizes are multiples of 16.
enum ZeroMemory {
  private typealias Line = (SIMD2<UInt64>, SIMD2<UInt64>, SIMD2<UInt64>, SIMD2<UInt64>)

  /// A few lines are cleared faster than the C library is called.
  @inline(__always) private static var callFrom: UInt { 512 }

  @inline(__always) static func clear(_ start: UInt, _ bytes: UInt) {
    guard bytes < callFrom else { return clearMuch(start, bytes) }
    var place = start
    let end = start &+ bytes
    let lines = start &+ (bytes & ~63)
    while place != lines {
      pointer(place, Line.self).pointee = (.zero, .zero, .zero, .zero)
      // Opaque, or the compiler would see that it is a call of memset.
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

  @inline(__always) static func isClear(_ start: UInt, _ bytes: UInt) -> Bool {
    var sum = SIMD2<UInt64>.zero
    var place = start
    let end = start &+ bytes
    let lines = start &+ (bytes & ~63)
    while place != lines {
      let line = pointer(place, Line.self).pointee
      sum |= (line.0 | line.1) | (line.2 | line.3)
      place &+= 64
    }
    while place != end {
      sum |= pointer(place, SIMD2<UInt64>.self).pointee
      place &+= 16
    }
    return sum[0] | sum[1] == 0
  }

  @inline(__always) private static func pointer<Value>(_ address: UInt, _: Value.Type) -> UnsafeMutablePointer<Value> {
    unsafeBitCast(UnsafeMutablePointer<Value>(bitPattern: address), to: UnsafeMutablePointer<Value>.self)
  }
}
