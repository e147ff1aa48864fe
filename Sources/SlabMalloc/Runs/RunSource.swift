/// Where the segments of a pool come from that has none of the operating system's: a page provider of the program.
///
/// Such a pool, and all that it manages, lies in the provider's memory. Its memory is never purged, committed or put
/// out of reach, since it is not the library's: the functions of its `SystemMemory` for that do nothing, or refuse.
/// Runs therefore stay dirty, and no run is lone. Segments that become free as a whole go back.
///
///     provider ── allocate, without the lock ──> segment ──> runs
///              <── release ──── free as a whole ───┘
struct RunSource {
  typealias Allocate =
    @convention(c) (_ context: UnsafeMutableRawPointer?, _ size: Int, _ alignment: Int) -> UnsafeMutableRawPointer?
  typealias Release =
    @convention(c) (_ context: UnsafeMutableRawPointer?, _ run: UnsafeMutableRawPointer, _ size: Int) -> Void

  let context: UnsafeMutableRawPointer?
  let allocate: Allocate
  let release: Release

  /// So many bytes, a multiple of a page of the run house and aligned to one. nil if there are none.
  func take(_ bytes: UInt) -> UnsafeMutableRawPointer? {
    guard let memory = allocate(context, Int(bytes), Int(PageRun.pageSize)) else { return nil }
    if UInt(bitPattern: memory) & (PageRun.pageSize - 1) == 0 { return memory }
    release(context, memory, Int(bytes))
    return nil
  }
}

extension SystemMemory {
  /// What a pool with a source asks of the system: the time.
  static func none(like system: SystemMemory) -> Self {
    Self(
      reserve: { _ in nil }, place: { _, _ in nil }, map: { _, _, _ in -1 }, commit: { _, _ in 0 },
      decommit: { _, _ in 0 }, purge: { _, _ in -1 }, excludeFromDumps: { _, _ in 0 }, includeInDumps: { _, _ in 0 },
      unmap: { _, _ in 0 }, remap: { _, _, _, _ in -1 }, remapAnywhere: { _, _, _ in nil },
      move: { _, _, _ in -1 }, hugePages: { 0 }, adviseHuge: { _, _, _ in -1 }, resident: { _, _ in 0 },
      pageSize: system.pageSize, mappings: { Int.max }, milliseconds: system.milliseconds)
  }
}
