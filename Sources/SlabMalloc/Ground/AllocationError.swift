import CSlabmalloc

/// The reason why a call failed: a status of the C API, as a Swift error.
///
/// It names the ``Reason``, over which a `switch` is exhaustive, and where they are known the layout that was asked for
/// and the hard limit that forbade it. Its description says all of that, and what to do. Two errors are equal if their
/// reasons are.
///
/// The type is no enum, because an enum without payload as `Error` would pull hashing into the Embedded build.
public struct AllocationError: Error, Equatable, Sendable {
  /// The status code of the C API, below 0.
  public let code: Int32
  /// The layout that could not be served; nil if the call had none, or the error is about a pointer or a page.
  public let layout: Layout?
  /// The hard limit that was reached, in bytes of pages; nil unless the reason is `limit`.
  public let limit: UInt64?

  @inline(__always) init(_ status: Status) {
    code = status.rawValue
    layout = nil
    limit = nil
  }

  /// An error that knows what was asked for.
  @usableFromInline init(_ status: Status, _ layout: Layout?, limit: UInt64? = nil) {
    code = status.rawValue
    self.layout = layout
    self.limit = status == .limit ? limit : nil
  }

  public static var outOfMemory: Self { Self(.outOfMemory) }
  public static var invalidLayout: Self { Self(.invalidLayout) }
  public static var invalidArgument: Self { Self(.invalidArgument) }
  public static var notInitialized: Self { Self(.notInitialized) }
  public static var badPage: Self { Self(.badPage) }
  public static var wrongPageSize: Self { Self(.wrongPageSize) }
  public static var pageOwned: Self { Self(.pageOwned) }
  public static var foreignPointer: Self { Self(.foreignPointer) }
  public static var interiorPointer: Self { Self(.interiorPointer) }
  public static var doubleFree: Self { Self(.doubleFree) }
  public static var layoutMismatch: Self { Self(.layoutMismatch) }
  public static var reentrant: Self { Self(.reentrant) }
  public static var noProvider: Self { Self(.noProvider) }
  public static var cannotResize: Self { Self(.cannotResize) }
  public static var overflow: Self { Self(.overflow) }
  public static var limit: Self { Self(.limit) }
  public static var constructorFailed: Self { Self(.constructorFailed) }
  public static var inUse: Self { Self(.inUse) }
  public static var writeAfterFree: Self { Self(.writeAfterFree) }

  public static func == (left: Self, right: Self) -> Bool { left.code == right.code }

  /// Throws the error that a status stands for; returns if the status is `ok`.
  @inline(__always) static func check(_ status: Status) throws(AllocationError) {
    guard status == .ok else { throw AllocationError(status) }
  }
}
