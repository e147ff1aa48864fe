import CSlabPort
import Synchronization

/// The page directory of a zone: it knows every page that the zone holds, and leads from a page to its slab. Every
/// deallocation asks it.
///
///     root: 64 slots in the zone           leaf: 63 entries and a header
///     | slot | slot | ... | slot |         | entry | entry | 0 | ... | count |
///        |      |             |
///        leaf   leaf          node: 64 slots -> leaf, leaf, ...
///
/// It is an extendible hash table (Fagin and others, 1979) with open addressing in its leaves. The root and the first
/// two leaves lie in the zone's storage; a cache has one. Further tables are 64 words each. They are cells of base
/// pages, or lie in the pages of slabs: a zone whose pages are all pushed has no others. A leaf with more than 32
/// entries splits: some of them move to a new one. Nothing else ever moves, and no step is longer.
///
/// - A page of a slab has an entry with the distance to the slab's last page; see DirectoryView.
/// - A large page has one entry, for its first base page. Lookups that find nothing try it.
/// - Pages of cells have entries that lead to no slab, as have pages that come in until they are carved.
/// - The runs of large objects are in a tree; see RunTree.
///
///     count = entries of all leaves
///
/// All zones of a zone per CPU share one directory. Changes are made under its lock, and a lookup compares `version`
/// before and after: an odd or another number means that something changed meanwhile, and the lookup is repeated under
/// the lock (a sequence lock). A lookup runs while holding a zone's lock; memory that it may read is given back only
/// after each CPU's lock was free once.
struct PageDirectory: ~Copyable {
  var view: DirectoryView
  var count: UInt32
  let version = Atomic<UInt32>(0)
  /// Tables outside the zone's storage.
  var tableCount: UInt32
  /// Pages that lodge tables and are no slabs yet. No table leaves meanwhile, because it may be one of theirs.
  var comingIn: UInt16
  var rootBits: UInt8
  var isShared: Bool
  /// The pages of cells.
  var ledger: Ledger
  var lock: Lock
  /// Large pages whose entry does not yet lead to their slab, under the directory's lock. The records lie on stacks.
  var largeComingIn: UnsafeMutablePointer<LargeComingIn>?
  /// The pages of tables.
  var tables: CellPages
  /// The runs of large objects.
  var runs: RunTree

  /// The root has 2^rootBits slots. A cache has few.
  @inline(__always) static func rootBits(bins: UInt) -> UInt { Build.isSmall ? 0 : bins == 1 ? 4 : 6 }
  /// The number of leaves in the zone's storage: two, or one in a cache.
  @inline(__always) static func firstLeaves(rootBits: UInt) -> UInt { Build.isSmall || rootBits < 6 ? 1 : 2 }
  @inline(__always) static var tableBytes: UInt { DirectoryView.tableCount * UInt(MemoryLayout<UInt>.stride) }
  static var firstLeafOffset: Int { MemoryLayout<PageDirectory>.stride }
  static func rootOffset(rootBits: UInt) -> Int { firstLeafOffset + Int(firstLeaves(rootBits: rootBits) * tableBytes) }
  /// The offset of a directory behind parts of a zone that end there: its first leaf starts at a cache line.
  @inline(__always) static func offset(behind end: UInt) -> UInt {
    roundUp(end &+ UInt(firstLeafOffset), to: 64) &- UInt(firstLeafOffset)
  }
  /// Bytes of a directory with its first leaves and its root.
  static func storageSize(bins: UInt) -> Int {
    let rootBits = rootBits(bins: bins)
    let rootBytes = Build.isSmall ? 0 : MemoryLayout<UInt>.stride << Int(rootBits)
    return rootOffset(rootBits: rootBits) + rootBytes
  }
}

/// A large page that comes in. Its one entry has no distance yet, and looks like that of a base page.
struct LargeComingIn {
  let address: UInt
  var next: UnsafeMutablePointer<LargeComingIn>?
}

typealias PageDirectoryPointer = UnsafeMutablePointer<PageDirectory>

extension UnsafeMutablePointer where Pointee == PageDirectory {
  func initialize(_ page: PageSize, copy: DirectoryViewPointer?, isShared: Bool, bins: UInt) {
    initialize(
      to: PageDirectory(
        view: .empty(page), count: 0, tableCount: 0, comingIn: 0,
        rootBits: UInt8(truncatingIfNeeded: PageDirectory.rootBits(bins: bins)), isShared: isShared, ledger: Ledger(),
        lock: Lock(), largeComingIn: nil, tables: CellPages(), runs: RunTree()))
    let leaf = firstLeaf(0)
    leaf.initialize(repeating: 0, count: Int(firstLeaves * DirectoryView.tableCount))
    if Build.isSmall { return }
    let rootCount: UInt = 1 &<< UInt(pointee.rootBits)
    for slot in 0..<rootCount {
      root[Int(slot)] = UInt(bitPattern: firstLeaf(slot & (firstLeaves - 1))) | 1
    }
    pointee.view.rootMask = rootCount - 1
    pointee.view.root = UInt(bitPattern: root)
    copy?.pointee = pointee.view
  }

  /// Ends the directory: it finds nothing, like zero-filled memory.
  func end() {
    pointee.view.root = 0
    pointee.view.rootMask = 0
  }

  var view: DirectoryViewPointer { fieldPointer(&pointee.view) }
  @inline(__always) var page: PageSize { PageSize(shift: UInt8(truncatingIfNeeded: pointee.view.pageShift)) }

  private func words(at offset: Int) -> UnsafeMutablePointer<UInt> {
    UnsafeMutableRawPointer(self).advanced(by: offset).assumingMemoryBound(to: UInt.self)
  }

  private var firstLeaves: UInt { PageDirectory.firstLeaves(rootBits: UInt(pointee.rootBits)) }

  var root: UnsafeMutablePointer<UInt> { words(at: PageDirectory.rootOffset(rootBits: UInt(pointee.rootBits))) }

  func firstLeaf(_ index: UInt) -> UnsafeMutablePointer<UInt> {
    words(at: PageDirectory.firstLeafOffset) + Int(index * DirectoryView.tableCount)
  }

  /// Whether a leaf lies in the zone's storage.
  func isFirstLeaf(_ leaf: UnsafeMutablePointer<UInt>) -> Bool {
    UInt(bitPattern: leaf) &- UInt(bitPattern: firstLeaf(0)) < firstLeaves * PageDirectory.tableBytes
  }

  /// Changes the directory. Readers of other CPUs notice it.
  @inline(__always) func change<Result>(_ body: () -> Result) -> Result {
    guard !Build.isSmall, pointee.isShared else { return body() }
    beginChange()
    let result = body()
    endChange()
    return result
  }

  @inline(never) private func beginChange() {
    pointee.lock.acquire()
    // Only the holder of the lock changes the number.
    pointee.version.store(pointee.version.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
    atomicMemoryFence(ordering: .releasing)
  }

  @inline(never) private func endChange() {
    pointee.version.store(pointee.version.load(ordering: .relaxed) &+ 1, ordering: .releasing)
    pointee.lock.release()
  }

  /// Reads the directory while nobody changes it.
  @inline(__always) func locked<Result>(_ body: () -> Result) -> Result {
    guard !Build.isSmall, pointee.isShared else { return body() }
    pointee.lock.acquire()
    let result = body()
    pointee.lock.release()
    return result
  }
}
