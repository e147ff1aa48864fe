import CSlabPort
import Synchronization

/// The page directory of a zone: it knows every page that the zone holds, and leads from a page to its slab. Every
/// deallocation asks it.
///
///     root: a node of 512 slots            leaf: 511 entries and a header         (with pages of 4 KiB on 64 bits)
///     | slot | slot | ... | slot |         | entry | entry | 0 | ... | count |
///        |      |             |
///        leaf   leaf          node -> leaf, leaf, ...
///
/// It is an extendible hash table (Fagin and others, 1979) with open addressing in its leaves. The first leaf lies in
/// the zone's storage. All others, and the nodes, are base pages of their own. A leaf that is five eighths full splits:
/// it moves entries to one new page, at most as many as a leaf has. Nothing else ever moves, and no step is longer.
///
/// - A page of a slab has an entry with the distance to the slab's last page; see DirectoryView.
/// - A large page has one entry, for its first base page. Lookups that find nothing try it.
/// - The directory's own pages have entries that lead to no slab, as have pages that come in until they are carved.
/// - The runs of large objects are in a tree; see RunTree.
///
///     count = entries of all leaves
///     tables = leaves and nodes outside the zone's storage
///
/// All zones of a zone per CPU share one directory. Changes are made under its lock, and a lookup compares `version`
/// before and after: an odd or another number means that something changed meanwhile, and the lookup is repeated under
/// the lock (a sequence lock). A lookup runs while holding a zone's lock; memory that it may read is given back only
/// after each CPU's lock was free once.
struct PageDirectory: ~Copyable {
  var view: DirectoryView
  /// The copy of the view in a zone's head; nil if fast paths must find nothing there.
  var copy: DirectoryViewPointer?
  var count: UInt
  var tables: UInt
  /// The pages of the directory itself and of descriptors.
  var ledger: Ledger
  var isShared: Bool
  var lock: Lock
  let version = Atomic<UInt>(0)
  /// The runs of large objects.
  var runs: RunTree

  @inline(__always) static var firstLeafCount: UInt { Build.isSmall ? 32 : 128 }
  @inline(__always) static var firstLeafOffset: Int { Int(roundUp(UInt(MemoryLayout<PageDirectory>.stride), to: 64)) }
  /// Bytes of a directory with its first leaf.
  static var storageSize: Int { firstLeafOffset + Int(firstLeafCount) * MemoryLayout<UInt>.stride }
}

typealias PageDirectoryPointer = UnsafeMutablePointer<PageDirectory>

extension UnsafeMutablePointer where Pointee == PageDirectory {
  func initialize(_ page: PageSize, copy: DirectoryViewPointer?, isShared: Bool) {
    initialize(
      to: PageDirectory(
        view: .empty(page), copy: copy, count: 0, tables: 0, ledger: Ledger(), isShared: isShared, lock: Lock(),
        runs: RunTree()))
    firstLeaf.initialize(repeating: 0, count: Int(PageDirectory.firstLeafCount))
    show(onlyLeaf: firstLeaf)
  }

  /// Ends the directory: it finds nothing, like zero-filled memory.
  func end() {
    pointee.view.rootOffset = 0
    pointee.view.rootMask = 0
    pointee.copy?.pointee = pointee.view
  }

  var view: DirectoryViewPointer { fieldPointer(&pointee.view) }
  @inline(__always) var page: PageSize { PageSize(shift: UInt8(truncatingIfNeeded: pointee.view.pageShift)) }

  var firstLeaf: UnsafeMutablePointer<UInt> {
    UnsafeMutableRawPointer(self).advanced(by: PageDirectory.firstLeafOffset).assumingMemoryBound(to: UInt.self)
  }

  /// Makes a leaf the only one.
  func show(onlyLeaf leaf: UnsafeMutablePointer<UInt>) {
    pointee.view.onlyLeaf = UInt(bitPattern: leaf) | 1
    pointee.view.rootMask = 0
    pointee.view.leafMask = lastPlace(of: leaf)
    pointee.view.rootOffset = Self.onlyLeafOffset
    updateCopy()
  }

  /// Makes a node the root.
  func show(root node: UInt) {
    pointee.view.rootMask = tableCount - 1
    pointee.view.rootOffset = (Int(bitPattern: node) - Int(bitPattern: view)) / MemoryLayout<UInt>.stride
    updateCopy()
  }

  /// The place of the header, which is also the mask of all places: leaves are the first one or a page.
  @inline(__always) func lastPlace(of leaf: UnsafeMutablePointer<UInt>) -> UInt {
    leaf == firstLeaf ? PageDirectory.firstLeafCount &- 1 : tableCount &- 1
  }

  /// The offset of a root that is the only leaf.
  @inline(__always) static var onlyLeafOffset: Int {
    MemoryLayout<DirectoryView>.stride / MemoryLayout<UInt>.stride - 1
  }

  private func updateCopy() {
    guard let copy = pointee.copy else { return }
    copy.pointee = pointee.view
    guard pointee.view.rootMask != 0 else { return }
    copy.pointee.rootOffset += (Int(bitPattern: view) - Int(bitPattern: copy)) / MemoryLayout<UInt>.stride
  }

  /// Words of a page.
  @inline(__always) var tableCount: UInt { page.size / UInt(MemoryLayout<UInt>.stride) }
  /// Bits of the hash that select a slot of a node.
  @inline(__always) var nodeBits: UInt { UInt(tableCount.trailingZeroBitCount) }

  /// Changes the directory. Readers of other CPUs notice it.
  @inline(__always) func change<Result>(_ body: () -> Result) -> Result {
    guard !Build.isSmall, pointee.isShared else { return body() }
    pointee.lock.acquire()
    pointee.version.wrappingAdd(1, ordering: .relaxed)
    atomicMemoryFence(ordering: .releasing)
    let result = body()
    pointee.version.wrappingAdd(1, ordering: .releasing)
    pointee.lock.release()
    return result
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
