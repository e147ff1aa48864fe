/// What heaps ask of the operating system. Functions, so that a test can let each of them fail.
struct SystemMemory {
  typealias Reserve = @convention(c) (Int) -> UnsafeMutableRawPointer?
  typealias Change = @convention(c) (UnsafeMutableRawPointer, Int) -> Int32
  typealias Move = @convention(c) (_ from: UnsafeMutableRawPointer, _ to: UnsafeMutableRawPointer, Int) -> Int32

  /// Address space without memory, or nil.
  let reserve: Reserve
  /// Makes reserved address space usable; it reads as 0. 0 on success.
  let commit: Change
  /// Makes memory one that can't be touched, until `commit`; it keeps its content. 0 on success.
  let protect: Change
  /// Takes memory away; it reads as 0 from now on. 0 on success.
  let purge: Change
  /// Gives address space back.
  let unmap: Change
  /// Moves memory, and leaves what reads as 0 behind. 0 on success, else nothing has changed.
  let move: Move
  /// Bytes of one of the system's pages.
  let pageSize: Int
  /// A clock that goes on.
  let milliseconds: @convention(c) () -> UInt64

  /// Milliseconds, and not 0: that a run was used is told by that.
  var stamp: UInt { max(UInt(truncatingIfNeeded: milliseconds()), 1) }
}
