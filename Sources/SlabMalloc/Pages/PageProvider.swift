/// A page provider: two C functions that give pages and take them back, and their context.
///
/// The allocator holds no lock while it calls a provider, and the functions may call back into the allocator.
public struct PageProvider {
  /// Returns a page of `pageSize` bytes, aligned to its size, or nil.
  public typealias Allocate =
    @convention(c) (_ context: UnsafeMutableRawPointer?, _ pageSize: Int) ->
    UnsafeMutableRawPointer?
  /// Takes back a page.
  public typealias Release =
    @convention(c) (
      _ context: UnsafeMutableRawPointer?, _ page: UnsafeMutableRawPointer, _ pageSize: Int
    ) -> Void

  /// The base page size that the provider serves; nil if it serves any.
  public let pageSize: PageSize?
  let context: UnsafeMutableRawPointer?
  let allocate: Allocate?
  let release: Release?

  /// A provider of your own. Without `allocate` it only takes pages back. Without both functions it is no provider.
  public init(pageSize: PageSize?, context: UnsafeMutableRawPointer?, allocate: Allocate?, release: Release?) {
    self.pageSize = pageSize
    self.context = context
    self.allocate = allocate
    self.release = release
  }

  /// No provider: for zones that get pages by `refill` alone.
  static var none: Self { Self(pageSize: nil, context: nil, allocate: nil, release: nil) }
}

/// Counts of pages taken and given back. For each kind, pages held = taken - given back.
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
