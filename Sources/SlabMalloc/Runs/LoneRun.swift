/// A run in a mapping of its own, for a large object of 32 MiB or more, of 8 MiB or more in a hardened process. It is
/// unmapped when the object is freed, unless it is kept for the next, see `KeptRuns`.
///
///     hardened:  | guard | pages ... | guard |      the last guard is a page of the run, as in a segment
///     others:            | pages ... |
///
/// Its pages have no descriptors but one, which is a block of metadata: an object that is not touched costs nothing
/// else. A tree finds the run around an address. It is a treap: a search tree by address, and by a hash of the address
/// a heap, which keeps it balanced.
///
/// Lock: that of the run pool. While a run is mapped, moved or unmapped, it is in no tree, and nobody waits for it.
struct LoneRun: ~Copyable {
  /// The first member: the address of both is one.
  var run: PageRun
  var left: LonePointer?
  var right: LonePointer?
  /// Where the mapping starts. It ends with the run.
  var mapping: UInt

  static var lines: UInt { Metadata.lines(UInt(MemoryLayout<LoneRun>.stride)) }
  static var leastPages: UInt { (32 << 20) >> PageRun.pageShift }
  /// A hardened process does not reuse memory as it is, and gains nothing from a segment.
  static var leastHardenedPages: UInt { (8 << 20) >> PageRun.pageShift }
}

typealias LonePointer = UnsafeMutablePointer<LoneRun>

extension UnsafeMutablePointer where Pointee == LoneRun {
  var run: RunPointer { UnsafeMutableRawPointer(self).assumingMemoryBound(to: PageRun.self) }
  fileprivate var startAddress: UInt { run.pointee.start }
  fileprivate var rank: UInt { startAddress &* 0x9E37_79B9_7F4A_7C15 }
}

extension UnsafeMutablePointer where Pointee == PageRun {
  var lone: LonePointer { raw.assumingMemoryBound(to: LoneRun.self) }
}

/// The lone runs of a pool.
struct LoneRuns {
  private(set) var root: LonePointer?
  /// Bytes of all of them.
  private(set) var bytes: UInt
  /// Where the latest runs that were unmapped or moved away started. A second free of such an object is recognised.
  private var ended: InlineArray<32, UInt>
  /// The place in `ended` that is filled next.
  private var nextEnded: Int

  static var none: Self { Self(root: nil, bytes: 0, ended: InlineArray(repeating: 0), nextEnded: 0) }

  mutating func rememberEnded(_ start: UInt) {
    ended[nextEnded] = start
    nextEnded = (nextEnded + 1) % ended.count
  }

  /// Whether an address, around which there is no run, is that of an object that ended.
  func hasEnded(_ address: UInt) -> Bool {
    for index in ended.indices where ended[index] == address { return true }
    return false
  }

  /// The run around an address.
  func run(around address: UInt) -> RunPointer? {
    var (next, found) = (root, nil as LonePointer?)
    while let lone = next {
      if lone.startAddress <= address { found = lone }
      next = lone.startAddress <= address ? lone.pointee.right : lone.pointee.left
    }
    guard let run = found?.run, address < run.endAddress else { return nil }
    return run
  }

  /// The run that starts at an address or is the next behind it.
  func run(from address: UInt) -> RunPointer? {
    var (next, found) = (root, nil as LonePointer?)
    while let lone = next {
      if lone.startAddress >= address { found = lone }
      next = lone.startAddress >= address ? lone.pointee.left : lone.pointee.right
    }
    return found?.run
  }

  mutating func add(_ run: RunPointer) {
    let (new, rank) = (run.lone, run.lone.rank)
    bytes += run.bytes
    withUnsafeMutablePointer(to: &root) {
      var link = $0
      while let lone = link.pointee, lone.rank > rank {
        link = Self.link(lone, isLeft: new.startAddress < lone.startAddress)
      }
      var rest = link.pointee
      link.pointee = new
      // What was there is split into what lies before the new one and what lies behind it.
      var (before, after) = (Self.link(new, isLeft: true), Self.link(new, isLeft: false))
      while let lone = rest {
        if lone.startAddress < new.startAddress {
          before.pointee = lone
          before = Self.link(lone, isLeft: false)
          rest = before.pointee
        } else {
          after.pointee = lone
          after = Self.link(lone, isLeft: true)
          rest = after.pointee
        }
      }
      before.pointee = nil
      after.pointee = nil
    }
  }

  mutating func remove(_ run: RunPointer) {
    let old = run.lone
    bytes -= run.bytes
    withUnsafeMutablePointer(to: &root) {
      var link = $0
      while let lone = link.pointee, lone != old {
        link = Self.link(lone, isLeft: old.startAddress < lone.startAddress)
      }
      var (before, after) = (old.pointee.left, old.pointee.right)
      while let left = before, let right = after {
        if left.rank > right.rank {
          link.pointee = left
          link = Self.link(left, isLeft: false)
          before = link.pointee
        } else {
          link.pointee = right
          link = Self.link(right, isLeft: true)
          after = link.pointee
        }
      }
      link.pointee = before ?? after
    }
  }

  /// Counts what a run grew or shrank by.
  mutating func count(_ change: Int) { bytes = UInt(bitPattern: Int(bitPattern: bytes) + change) }

  private static func link(_ lone: LonePointer, isLeft: Bool) -> UnsafeMutablePointer<LonePointer?> {
    // Both links are words, one behind the other.
    let first = UnsafeMutableRawPointer(lone) + PageRun.stride
    return (first + (isLeft ? 0 : MemoryLayout<LonePointer?>.stride)).assumingMemoryBound(to: LonePointer?.self)
  }
}
