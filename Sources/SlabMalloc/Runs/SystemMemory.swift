/// What the run house asks of the operating system. Functions, so that a test can let each of them fail.
///
///     reserve ──> out of reach ──commit──> usable ──decommit──> out of reach, content kept
///                                            └──────purge────> usable, reads as 0
///
/// Decommitted memory faults when it is touched and keeps its content and its physical pages. Purged memory loses both
/// and stays usable. Memory can be purged whether it is usable or not.
struct SystemMemory {
  typealias Reserve = @convention(c) (Int) -> UnsafeMutableRawPointer?
  typealias Change = @convention(c) (UnsafeMutableRawPointer, Int) -> Int32
  typealias Move = @convention(c) (_ from: UnsafeMutableRawPointer, _ to: UnsafeMutableRawPointer, Int) -> Int32

  /// Address space without memory, or nil.
  let reserve: Reserve
  /// Makes reserved address space usable; it reads as 0 the first time. 0 on success.
  let commit: Change
  /// Puts memory out of reach until the next `commit`. Its content stays. 0 on success.
  let decommit: Change
  /// Takes the physical pages away: the memory reads as 0 from then on. 0 on success.
  let purge: Change
  /// Returns address space to the system.
  let unmap: Change
  /// Moves memory. What is left behind reads as 0. On any result but 0 nothing changed.
  let move: Move
  /// Bytes of one of the system's pages.
  let pageSize: Int
  /// A clock that never goes back.
  let milliseconds: @convention(c) () -> UInt64

  /// The time as a stamp of a free run: milliseconds, never 0, since 0 means that the run was never used.
  var stamp: UInt { max(UInt(truncatingIfNeeded: milliseconds()), 1) }
}

extension SystemMemory {
  // The same functions for addresses, which the run house computes with.

  func commit(at start: UInt, _ bytes: UInt) -> Bool { commit(Self.pointer(start), Int(bytes)) == 0 }
  func decommit(at start: UInt, _ bytes: UInt) -> Bool { decommit(Self.pointer(start), Int(bytes)) == 0 }
  func purge(at start: UInt, _ bytes: UInt) -> Bool { purge(Self.pointer(start), Int(bytes)) == 0 }
  func unmap(at start: UInt, _ bytes: UInt) { _ = unmap(Self.pointer(start), Int(bytes)) }

  private static func pointer(_ address: UInt) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped
  }
}
