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
  var line = TableLine("     OBJECTS       SLOTS    SLABS          BYTES  FILL           PEAK NAME\n")
  line.pass { write(context, $0, $1) }
  registry.forEach { row in
    line.clear()
    line.add(row)
    line.pass { write(context, $0, $1) }
    line.clear()
    if let name = row.name {
      var length = 0
      while name[length] != 0 { length += 1 }
      write(context, name, length)
    } else {
      line.add(UInt8(ascii: "-"))
    }
    line.add(UInt8(ascii: "\n"))
    line.pass { write(context, $0, $1) }
    return true
  }
  return .ok
}

extension TableLine {
  /// The numbers of a row, and the space before its name.
  fileprivate mutating func add(_ row: slm_registry_row) {
    add(row.objects_live, width: 12)
    add(row.slots, width: 12)
    add(row.slabs, width: 9)
    add(row.bytes_held, width: 15)
    add(Self.percent(UInt(truncatingIfNeeded: row.bytes_live), of: UInt(truncatingIfNeeded: row.bytes_held)), width: 5)
    add(UInt8(ascii: "%"))
    add(row.bytes_peak, width: 15)
    add(UInt8(ascii: " "))
  }
}
