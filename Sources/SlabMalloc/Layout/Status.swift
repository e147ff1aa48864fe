import CSlabPort

/// Why a call was refused. The numbers are those of the `SLM_ERR_…` macros of slabmalloc.h: they are never reused.
///
/// One stored field and no enum: an enum without payload as `Error` would pull hashing into the Embedded build.
public struct AllocationError: Error, Equatable, Sendable {
  /// The status code of the C API, below 0.
  public let code: Int32

  @inline(__always) init(_ code: Int32) { self.code = code }

  public static var outOfMemory: Self { Self(-1) }
  public static var invalidLayout: Self { Self(-2) }
  public static var invalidArgument: Self { Self(-3) }
  public static var notInitialized: Self { Self(-4) }
  public static var badPage: Self { Self(-5) }
  public static var wrongPageSize: Self { Self(-6) }
  public static var pageOwned: Self { Self(-7) }
  public static var foreignPointer: Self { Self(-8) }
  public static var interiorPointer: Self { Self(-9) }
  public static var doubleFree: Self { Self(-10) }
  public static var layoutMismatch: Self { Self(-11) }
  public static var reentrant: Self { Self(-12) }
  public static var noProvider: Self { Self(-13) }
  public static var cannotResize: Self { Self(-14) }
  public static var overflow: Self { Self(-15) }
  public static var writeAfterFree: Self { Self(-16) }
}

/// A status as the core passes it: 0, or the code of an `AllocationError`.
typealias Status = Int32

let ok: Status = 0

extension AllocationError {
  /// Throws the error that a status stands for.
  @inline(__always) static func check(_ status: Status) throws(AllocationError) {
    guard status == ok else { throw AllocationError(status) }
  }
}

/// A success that the compiler can't foresee: a caller that knew the result would call and not jump.
var opaqueOK: Status { Status(truncatingIfNeeded: slm_port_opaque(0)) }
