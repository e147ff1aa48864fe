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
  _ write: slm_text_writer,
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
  private var text = InlineArray<96, CChar>(repeating: 0)
  private var length = 0

  static var headings: TableLine {
    TableLine("     OBJECTS       SLOTS    SLABS          BYTES  FILL           PEAK NAME\n")
  }

  init(_ text: StaticString) {
    text.withUTF8Buffer { for byte in $0 { add(byte) } }
  }

  /// The numbers of a row, and the space before its name.
  init(_ row: slm_registry_row) {
    add(row.objects_live, width: 12)
    add(row.slots, width: 12)
    add(row.slabs, width: 9)
    add(row.bytes_held, width: 15)
    add(Self.percent(row.bytes_live, of: row.bytes_held), width: 5)
    add(UInt8(ascii: "%"))
    add(row.bytes_peak, width: 15)
    add(UInt8(ascii: " "))
  }

  func pass(_ body: (UnsafePointer<CChar>, Int) -> Void) {
    text.span.withUnsafeBufferPointer { bytes in
      guard let start = bytes.baseAddress else { return }
      body(start, length)
    }
  }

  @inline(never) private mutating func add(_ character: UInt8) {
    guard length < text.count else { return }
    text[unchecked: length] = CChar(bitPattern: character)
    length &+= 1
  }

  /// A number, after spaces, of which there is at least one. A number that is too wide moves the columns after it.
  @inline(never) private mutating func add(_ number: UInt64, width: Int) {
    // The digits come from the back. Division of 64 bits is a function that a kernel of 32 bits need not have.
    let end = length &+ (width > Self.count(of: number) ? width : Self.count(of: number) &+ 1)
    while length < end { add(UInt8(ascii: " ")) }
    var (rest, place) = (number, end)
    repeat {
      let tenth = Self.tenth(of: rest)
      place &-= 1
      if place < text.count { text[unchecked: place] = CChar(truncatingIfNeeded: rest &- tenth &* 10 &+ 48) }
      rest = tenth
    } while rest != 0
  }

  private static func count(of number: UInt64) -> Int {
    var (rest, count) = (tenth(of: number), 1)
    while rest != 0 { (rest, count) = (tenth(of: rest), count &+ 1) }
    return count
  }

  /// The number / 10, by shifts (Warren, "Hacker's Delight").
  @inline(never) private static func tenth(of number: UInt64) -> UInt64 {
    var quotient = (number &>> 1) &+ (number &>> 2)
    quotient &+= quotient &>> 4
    quotient &+= quotient &>> 8
    quotient &+= quotient &>> 16
    quotient &+= quotient &>> 32
    quotient &>>= 3
    let rest = number &- quotient &* 10
    return rest > 9 ? quotient &+ 1 : quotient
  }

  /// The part of the whole in percent, rounded down. Both are bytes of memory.
  private static func percent(_ part: UInt64, of whole: UInt64) -> UInt64 {
    let (part, whole) = (UInt(truncatingIfNeeded: part), UInt(truncatingIfNeeded: whole))
    guard whole != 0 else { return 0 }
    return UInt64(part <= UInt.max / 100 ? part &* 100 / whole : part / (whole / 100))
  }
}
