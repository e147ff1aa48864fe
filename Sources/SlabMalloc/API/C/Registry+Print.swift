import CSlabmalloc

// The table of a registry, like that of Linux's slabtop:
//
//      OBJECTS      SLOTS    SLABS        BYTES  FILL         PEAK NAME
//         1234       1280       20        81920   96%        81920 inodes
//
// A line is put together on the stack. The name comes last, as it is: a name may be longer than any line.

@_cdecl("slm_registry_print") @implementation
public func slm_registry_print(
  _ registry: UnsafeMutablePointer<slm_registry>,
  _ write: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>, Int) -> Void,
  _ context: UnsafeMutableRawPointer?
) -> slm_status {
  func put(_ line: TableLine) { line.pass { write(context, $0, $1) } }
  put(.headings)
  registry.forEach { row in
    put(TableLine(row))
    if let name = row.name {
      var length = 0
      while name[length] != 0 { length += 1 }
      write(context, name, length)
    }
    put(TableLine(row.name == nil ? "-\n" : "\n"))
    return true
  }
  return .ok
}

/// A line of text with columns that are aligned to the right.
private struct TableLine {
  private var text = InlineArray<80, CChar>(repeating: 0)
  private var length = 0

  static var headings: TableLine {
    TableLine("     OBJECTS       SLOTS    SLABS          BYTES  FILL           PEAK NAME\n")
  }

  init(_ text: StaticString) {
    text.withUTF8Buffer { for byte in $0 { add(CChar(truncatingIfNeeded: byte)) } }
  }

  /// The numbers of a row, and the space before its name.
  init(_ row: slm_registry_row) {
    add(row.objects_live, width: 12)
    add(row.slots, width: 12)
    add(row.slabs, width: 9)
    add(row.bytes_held, width: 15)
    add(row.bytes_held == 0 ? 0 : row.bytes_live * 100 / row.bytes_held, width: 5)
    add(percent)
    add(row.bytes_peak, width: 15)
    add(space)
  }

  func pass(_ body: (UnsafePointer<CChar>, Int) -> Void) {
    text.span.withUnsafeBufferPointer { bytes in
      guard let start = bytes.baseAddress else { return }
      body(start, length)
    }
  }

  private mutating func add(_ character: CChar) {
    guard length < text.count else { return }
    text[length] = character
    length += 1
  }

  /// A number, after spaces. A number that is too wide moves the columns after it.
  private mutating func add(_ number: UInt64, width: Int) {
    var (power, digits) = (UInt64(1), 1)
    while number / power >= 10 { (power, digits) = (power * 10, digits + 1) }
    // A space before each column, however wide.
    for _ in 0..<max(1, width - digits) { add(space) }
    while power > 0 {
      add(zero + CChar(truncatingIfNeeded: number / power % 10))
      power /= 10
    }
  }

  private var space: CChar { 32 }
  private var percent: CChar { 37 }
  private var zero: CChar { 48 }
}
