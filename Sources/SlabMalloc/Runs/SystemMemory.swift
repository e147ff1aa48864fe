/// What the run house asks of the operating system. Functions, so that a test can let each of them fail.
///
///     reserve ──> out of reach ──commit──> usable ──decommit──> out of reach, content kept
///                    ^                      ^ └──────purge────> usable, reads as 0
///     place ─────── map ────────────────────┘
///
/// Decommitted memory faults when it is touched and keeps its physical pages. Purged memory loses both content and
/// pages, and stays usable. Memory can be purged whether it is usable or not. Memory that is only placed is nobody's
/// until it is mapped: it counts towards no limit, and another mapping may come to lie there.
///
/// Core dumps have all memory but what is excluded: what was reserved and never used. A debugger would write its zeros.
struct SystemMemory {
  typealias Reserve = @convention(c) (Int) -> UnsafeMutableRawPointer?
  typealias Change = @convention(c) (UnsafeMutableRawPointer, Int) -> Int32
  typealias Place = @convention(c) (_ bytes: Int, _ head: Int) -> UnsafeMutableRawPointer?
  typealias Map = @convention(c) (UnsafeMutableRawPointer, Int, _ isUsable: Int32) -> Int32
  typealias Remap =
    @convention(c) (_ from: UnsafeMutableRawPointer, Int, Int, _ to: UnsafeMutableRawPointer?) -> Int32
  typealias RemapAnywhere =
    @convention(c) (_ from: UnsafeMutableRawPointer, Int, Int) -> UnsafeMutableRawPointer?
  typealias Move = @convention(c) (_ from: UnsafeMutableRawPointer, _ to: UnsafeMutableRawPointer, Int) -> Int32

  /// Address space without memory, or nil.
  let reserve: Reserve
  /// Address space that nobody uses, of which only the head is mapped, and is usable. nil if there is none.
  let place: Place
  /// Maps address space right there. 0 on success, 1 if another mapping lies there, -1 if the system refuses.
  let map: Map
  /// Makes reserved address space usable; it reads as 0 the first time. 0 on success.
  let commit: Change
  /// Puts memory out of reach until the next `commit`. 0 on success.
  let decommit: Change
  /// Takes the physical pages away: the memory reads as 0 from then on. 0 on success.
  let purge: Change
  /// Leaves memory out of core dumps, or includes it again. Best effort.
  let excludeFromDumps: Change
  let includeInDumps: Change
  /// Returns address space to the system.
  let unmap: Change
  /// Gives a usable mapping another size, where it is or at a reserved place; there is nothing at the old place
  /// afterwards. 0 on success. On any other result nothing changed.
  let remap: Remap
  /// The same, at a place that the system chooses. nil if nothing changed.
  let remapAnywhere: RemapAnywhere
  /// Moves memory. What is left behind reads as 0. On any result but 0 nothing changed.
  let move: Move
  /// What the system does about huge pages, an `SLM_PORT_HUGE_PAGES` number.
  let hugePages: @convention(c) () -> Int32
  /// Advises huge pages for memory, or advises against them. 0 on success. Nothing becomes resident.
  let adviseHuge: Map
  /// How many bytes of memory are resident; 0 if that is not known.
  let resident: @convention(c) (UnsafeMutableRawPointer, Int) -> Int
  /// Bytes of one of the system's pages.
  let pageSize: Int
  /// How many mappings the system lets the process have.
  let mappings: @convention(c) () -> Int
  /// A clock that never goes back.
  let milliseconds: @convention(c) () -> UInt64

  /// The time as a stamp of a free run: milliseconds, never 0, since 0 means that the run was never used.
  var stamp: UInt { max(UInt(truncatingIfNeeded: milliseconds()), 1) }
}

extension SystemMemory {
  // The same functions for addresses, which the run house computes with.

  enum Mapped {
    case done, taken, refused
  }

  func map(at start: UInt, _ bytes: UInt, isUsable: Bool) -> Mapped {
    let result = map(Self.pointer(start), Int(bytes), isUsable ? 1 : 0)
    return result == 0 ? .done : result > 0 ? .taken : .refused
  }

  func commit(at start: UInt, _ bytes: UInt) -> Bool { commit(Self.pointer(start), Int(bytes)) == 0 }
  func decommit(at start: UInt, _ bytes: UInt) -> Bool { decommit(Self.pointer(start), Int(bytes)) == 0 }
  func purge(at start: UInt, _ bytes: UInt) -> Bool { purge(Self.pointer(start), Int(bytes)) == 0 }
  func excludeFromDumps(at start: UInt, _ bytes: UInt) { _ = excludeFromDumps(Self.pointer(start), Int(bytes)) }
  func includeInDumps(at start: UInt, _ bytes: UInt) { _ = includeInDumps(Self.pointer(start), Int(bytes)) }
  func remap(at start: UInt, _ bytes: UInt, _ newBytes: UInt, to place: UInt?) -> Bool {
    remap(Self.pointer(start), Int(bytes), Int(newBytes), place.map { Self.pointer($0) }) == 0
  }
  func remapAnywhere(from start: UInt, _ bytes: UInt, _ newBytes: UInt) -> UInt? {
    remapAnywhere(Self.pointer(start), Int(bytes), Int(newBytes)).map { UInt(bitPattern: $0) }
  }
  func adviseHuge(at start: UInt, _ bytes: UInt, _ isWanted: Bool) -> Bool {
    adviseHuge(Self.pointer(start), Int(bytes), isWanted ? 1 : 0) == 0
  }
  func resident(at start: UInt, _ bytes: UInt) -> UInt { UInt(resident(Self.pointer(start), Int(bytes))) }
  func unmap(at start: UInt, _ bytes: UInt) { _ = unmap(Self.pointer(start), Int(bytes)) }

  private static func pointer(_ address: UInt) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped
  }
}
