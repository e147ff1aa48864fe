import CSlabmalloc

/// The result of a call of the core: the C API's `slm_status`, under Swift names.
///
/// The numbers and meanings have one place, `SLM_STATUSES` in slabmalloc.h. A new status needs a line there and a
/// member here.
@usableFromInline typealias Status = slm_status

extension slm_status {
  @inline(__always) static var ok: Self { SLM_OK }
  @inline(__always) static var outOfMemory: Self { SLM_ERR_OUT_OF_MEMORY }
  @inline(__always) static var invalidLayout: Self { SLM_ERR_INVALID_LAYOUT }
  @inline(__always) static var invalidArgument: Self { SLM_ERR_INVALID_ARGUMENT }
  @inline(__always) static var notInitialized: Self { SLM_ERR_NOT_INITIALIZED }
  @inline(__always) static var badPage: Self { SLM_ERR_BAD_PAGE }
  @inline(__always) static var wrongPageSize: Self { SLM_ERR_WRONG_PAGE_SIZE }
  @inline(__always) static var pageOwned: Self { SLM_ERR_PAGE_OWNED }
  @inline(__always) static var foreignPointer: Self { SLM_ERR_FOREIGN_POINTER }
  @inline(__always) static var interiorPointer: Self { SLM_ERR_INTERIOR_POINTER }
  @inline(__always) static var doubleFree: Self { SLM_ERR_DOUBLE_FREE }
  @inline(__always) static var layoutMismatch: Self { SLM_ERR_LAYOUT_MISMATCH }
  @inline(__always) static var reentrant: Self { SLM_ERR_REENTRANT }
  @inline(__always) static var noProvider: Self { SLM_ERR_NO_PROVIDER }
  @inline(__always) static var cannotResize: Self { SLM_ERR_CANNOT_RESIZE }
  @inline(__always) static var overflow: Self { SLM_ERR_OVERFLOW }
  @inline(__always) static var writeAfterFree: Self { SLM_ERR_WRITE_AFTER_FREE }

  @inline(__always) static var limit: Self { SLM_ERR_LIMIT }
  @inline(__always) static var constructorFailed: Self { SLM_ERR_CONSTRUCTOR_FAILED }
  @inline(__always) static var inUse: Self { SLM_ERR_IN_USE }

  /// Whether memory is refused that may be there later.
  @inline(__always) var isShortage: Bool { self == .outOfMemory || self == .limit }

  /// Compares the numbers, because the standard library's `==` is generic.
  @inline(__always) static func == (left: Self, right: Self) -> Bool { left.rawValue == right.rawValue }
  @inline(__always) static func != (left: Self, right: Self) -> Bool { left.rawValue != right.rawValue }

  /// Whether the status reports a write to memory that nobody may write. Only profile hardened returns such a status.
  var reportsWrite: Bool { self == .writeAfterFree || self == .overflow }
}
