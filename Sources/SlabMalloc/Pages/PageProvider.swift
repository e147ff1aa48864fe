import CSlabmalloc

/// A page provider: C functions that give pages and take them back, and their context.
///
/// Every provider gives single pages. One that also gives runs has two functions more, and perhaps a third that resizes
/// a run in place. A run is any multiple of the page size, aligned to a power of two.
///
/// The allocator holds no lock while it calls a provider, and the functions may call back into the allocator.
///
/// A provider is a value of functions and may be sent and be a global `let`. Its functions and its context must stand
/// what you use it for: an allocator for several threads calls them from each.
public struct PageProvider: @unchecked Sendable {
  /// Returns a page of `pageSize` bytes, aligned to its size, or nil.
  public typealias Allocate =
    @convention(c) (_ context: UnsafeMutableRawPointer?, _ pageSize: Int) ->
    UnsafeMutableRawPointer?
  /// Takes back a page.
  public typealias Release =
    @convention(c) (
      _ context: UnsafeMutableRawPointer?, _ page: UnsafeMutableRawPointer, _ pageSize: Int
    ) -> Void
  /// Returns a run of `size` bytes, a multiple of the page size, aligned to `alignment`, or nil. The alignment is a
  /// power of two and at least the page size.
  public typealias AllocateRun =
    @convention(c) (_ context: UnsafeMutableRawPointer?, _ size: Int, _ alignment: Int) ->
    UnsafeMutableRawPointer?
  /// Takes back a run, or a part of a run that starts and ends at page boundaries.
  public typealias ReleaseRun =
    @convention(c) (_ context: UnsafeMutableRawPointer?, _ run: UnsafeMutableRawPointer, _ size: Int) -> Void
  /// Gives a run another size where it is. Returns whether it did; if not, nothing changed.
  public typealias ResizeRun =
    @convention(c) (
      _ context: UnsafeMutableRawPointer?, _ run: UnsafeMutableRawPointer, _ oldSize: Int, _ newSize: Int
    ) -> Bool

  /// The base page size that the provider serves; nil if it serves any.
  public let pageSize: PageSize?
  let context: UnsafeMutableRawPointer?
  let allocate: Allocate?
  let release: Release?
  let allocateRun: AllocateRun?
  let releaseRun: ReleaseRun?
  /// Optional, also for a provider that gives runs.
  let resizeRun: ResizeRun?

  /// A provider of your own. Without `allocate` it only takes pages back. Without any function it is no provider. It
  /// gives runs if both `allocateRun` and `releaseRun` are set.
  public init(
    pageSize: PageSize?, context: UnsafeMutableRawPointer?, allocate: Allocate?, release: Release?,
    allocateRun: AllocateRun? = nil, releaseRun: ReleaseRun? = nil, resizeRun: ResizeRun? = nil
  ) {
    self.pageSize = pageSize
    self.context = context
    self.allocate = allocate
    self.release = release
    self.allocateRun = allocateRun
    self.releaseRun = releaseRun
    self.resizeRun = resizeRun
  }

  /// No provider: for zones that get pages by `refill` alone.
  static var none: Self { Self(pageSize: nil, context: nil, allocate: nil, release: nil) }

  /// Whether the provider gives runs, and takes them back.
  @inline(__always) var givesRuns: Bool { allocateRun != nil && releaseRun != nil }

  /// The same functions as the C API has them.
  var c: slm_page_provider {
    slm_page_provider(
      struct_size: UInt32(MemoryLayout<slm_page_provider>.size), page_size: UInt32(pageSize?.bytes ?? 0),
      context: context, allocate_page: allocate, release_page: release, allocate_run: allocateRun,
      release_run: releaseRun)
  }
}
