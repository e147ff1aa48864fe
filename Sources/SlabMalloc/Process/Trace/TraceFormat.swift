/// The format of a trace: what a program asked of malloc, in the order in which it was done.
///
///     | slmtrace | version | record | record | ...
///       8 bytes    1 byte
///
///     record    | kind: 1 byte | varint | varint | ...
///     varint    seven bits a byte, the lowest first; bit 7 says that more follow
///     pointer   age * 2 + 1 if an offset follows, then the offset: n * 2, or -n * 2 - 1
///
///     kind            varints
///      0  nothing                             the process was killed, or ended by _exit(): the file is zeros from
///                                             here on, except for fewer than 32 bytes of an unfinished record
///      1  start       thread                  a new thread; the records that follow are of it
///      2  thread      thread                  the records that follow are of this one
///      3  stop                                the thread has ended; what its last destructors do may follow
///      4  malloc      size
///      5  calloc      size                    count times size
///      6  aligned     log2(alignment), size
///      7  realloc     pointer, size
///      8  free        pointer
///      9  failed                              the malloc, calloc, aligned or realloc before got no memory
///     10  misuse      -status, pointer        was reported while the operation before was done
///     11  refused     -status, pointer        was reported outside of an operation: by a sized free, or for an
///                                             older object
///     12  end         operations, peak        the process has ended; nothing follows
///
/// Objects have no numbers here: the first that is allocated is 1, and so on; realloc makes a new one. The *age* of an
/// object is 1 if it is the newest, without what the operation itself makes. Age 0 with an offset is an address that
/// was never an object's. Kinds 4 to 8 are *operations*; *peak* is the most bytes that were asked for and not yet
/// freed. A misuse that ends the process is the last record.
enum TraceKind {
  static var version: UInt8 { 1 }

  static var start: UInt8 { 1 }
  static var thread: UInt8 { 2 }
  static var stop: UInt8 { 3 }
  static var malloc: UInt8 { 4 }
  static var calloc: UInt8 { 5 }
  static var aligned: UInt8 { 6 }
  static var realloc: UInt8 { 7 }
  static var free: UInt8 { 8 }
  static var failed: UInt8 { 9 }
  static var misuse: UInt8 { 10 }
  static var refused: UInt8 { 11 }
  static var end: UInt8 { 12 }

  /// Bytes of a record are fewer: a byte and two varints with an offset between.
  static var most: Int { 32 }
}

/// An allocation that a trace records.
enum TracedCall {
  case malloc(UInt)
  case calloc(UInt)
  case aligned(UInt, UInt)
  case realloc(UInt, UInt)

  var size: UInt {
    switch self {
    case .malloc(let size), .calloc(let size), .aligned(let size, _), .realloc(_, let size): size
    }
  }
}
