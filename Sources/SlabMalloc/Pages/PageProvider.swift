/// Where pages come from and go to: two C functions and their context.
///
/// A provider is never called with a lock held, and its functions may call back into the allocator.
public struct PageProvider {
  /// Gives a page of so many bytes, aligned to its size, or nil.
  public typealias Allocate =
    @convention(c) (_ context: UnsafeMutableRawPointer?, _ pageSize: Int) ->
    UnsafeMutableRawPointer?
  /// Takes a page back.
  public typealias Release =
    @convention(c) (
      _ context: UnsafeMutableRawPointer?, _ page: UnsafeMutableRawPointer, _ pageSize: Int
    ) -> Void

  /// The base page size it serves; nil if it serves any.
  public let pageSize: PageSize?
  let context: UnsafeMutableRawPointer?
  let allocate: Allocate?
  let release: Release?

  /// A provider of your own. Without `allocate` it only takes pages back; without both it is none.
  public init(pageSize: PageSize?, context: UnsafeMutableRawPointer?, allocate: Allocate?, release: Release?) {
    self.pageSize = pageSize
    self.context = context
    self.allocate = allocate
    self.release = release
  }

  /// No provider: for push use.
  static var none: Self { Self(pageSize: nil, context: nil, allocate: nil, release: nil) }
}

/// Pages that came in and went out. Pages held = taken - given back, for each kind.
struct Ledger {
  var baseTaken: UInt64 = 0
  var baseGivenBack: UInt64 = 0
  var largeTaken: UInt64 = 0
  var largeGivenBack: UInt64 = 0

  mutating func take(_ page: PageSize) {
    if page.isLarge { largeTaken += 1 } else { baseTaken += 1 }
  }

  mutating func giveBack(_ page: PageSize) {
    if page.isLarge { largeGivenBack += 1 } else { baseGivenBack += 1 }
  }

  var pagesHeld: UInt64 { baseTaken - baseGivenBack + largeTaken - largeGivenBack }
}
