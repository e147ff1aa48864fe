import CSlabPort
import Synchronization

/// Which function resizes the runs of a provider that comes from C.
///
/// The struct of a provider goes by value in C and can never grow: it has no place for `resizeRun`. The providers of
/// this library note theirs before C gets to know them, and are known again by their `allocateRun`. The note is a
/// variable, not a name: a program without regions does not link them because of it.
///
/// Zero-filled memory is a note of nothing.
struct RunResizer: ~Copyable {
  private let allocateRun: Atomic<UInt>
  private let resizeRun: Atomic<UInt>
}

typealias RunResizerPointer = UnsafeMutablePointer<RunResizer>

extension UnsafeMutablePointer where Pointee == RunResizer {
  static var ofRegions: RunResizerPointer { slm_port_resizers_address().assumingMemoryBound(to: RunResizer.self) }

  /// Only hosted builds have this one.
  static var ofMmap: RunResizerPointer { ofRegions + 1 }

  /// Notes a provider's functions. Every call notes the same ones.
  func note(_ provider: PageProvider) {
    guard !Build.isSmall, let allocate = provider.allocateRun, let resize = provider.resizeRun else { return }
    pointee.resize(allocate, by: resize)
  }

  /// The noted function that resizes what this one allocates; nil if there is none.
  static func function(for allocate: PageProvider.AllocateRun?) -> PageProvider.ResizeRun? {
    guard !Build.isSmall, let allocate else { return nil }
    return ofRegions.pointee.function(for: allocate)
      ?? (Build.isHosted ? ofMmap.pointee.function(for: allocate) : nil)
  }
}

extension RunResizer {
  fileprivate func resize(_ allocate: PageProvider.AllocateRun, by resize: PageProvider.ResizeRun) {
    resizeRun.store(unsafeBitCast(resize, to: UInt.self), ordering: .relaxed)
    allocateRun.store(unsafeBitCast(allocate, to: UInt.self), ordering: .releasing)
  }

  fileprivate func function(for allocate: PageProvider.AllocateRun) -> PageProvider.ResizeRun? {
    guard allocateRun.load(ordering: .acquiring) == unsafeBitCast(allocate, to: UInt.self) else { return nil }
    return unsafeBitCast(resizeRun.load(ordering: .relaxed), to: PageProvider.ResizeRun?.self)
  }
}
