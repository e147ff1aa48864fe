/// The size of a page, in bytes. Pages are aligned to their size.
public struct PageSize: Equatable, Sendable {
  let shift: UInt8

  @inline(__always) init(shift: UInt8) { self.shift = shift }

  public static var kib4: Self { Self(shift: 12) }
  public static var kib16: Self { Self(shift: 14) }
  public static var kib64: Self { Self(shift: 16) }
  /// The large page: 2 MiB.
  public static var large: Self { Self(shift: 21) }

  /// The base page of this size; nil if it is not 4, 16 or 64 KiB.
  #if !SLM_HOSTED
    @inline(never)
  #endif
  public init?(base bytes: Int) {
    switch bytes {
    case 4096: self = .kib4
    case 16384: self = .kib16
    case 65536: self = .kib64
    default: return nil
    }
  }

  /// The base or large page of this size; nil for any other size.
  init?(bytes: Int) {
    if bytes == Self.large.bytes { self = .large } else { self.init(base: bytes) }
  }

  public var bytes: Int { Int(size) }

  @inline(__always) var size: UInt { 1 &<< UInt(shift) }
  @inline(__always) var mask: UInt { size &- 1 }

  @inline(__always) var isLarge: Bool { !Build.isSmall && shift == Self.large.shift }
}
