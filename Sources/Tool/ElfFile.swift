import CSlabPort

/// The few parts of ELF that a loaded file and a core file share: program headers, and notes.
///
///     header: magic, class 64, ... | phoff at 32 | shoff at 40 | phentsize at 54 | phnum at 56
///     note:   bytes of the name, bytes of the record, type | name, padded to 4 | record, padded to 4
struct ProgramHeader {
  let type: UInt32
  let flags: UInt32
  let offset: UInt
  let address: UInt
  let fileBytes: UInt
  let memoryBytes: UInt

  static let load: UInt32 = 1
  static let note: UInt32 = 4
  static let executable: UInt32 = 1
  static let writable: UInt32 = 2
  static let size = 56

  func moved(by distance: UInt) -> ProgramHeader {
    ProgramHeader(
      type: type, flags: flags, offset: offset, address: address &+ distance, fileBytes: fileBytes,
      memoryBytes: memoryBytes)
  }
}

struct ElfHeader {
  let type: UInt16
  let machine: UInt16
  let headersOffset: UInt
  let sectionsOffset: UInt
  var headerCount: Int

  static let size = 64
  static let core: UInt16 = 4
  /// The count of a file with so many headers or more (PN_XNUM): its first section header has the number.
  static let manyHeaders = 0xFFFF
  static let sectionSize: UInt = 64

  /// The number of program headers in a section header.
  static func headerCount(_ section: UnsafeRawBufferPointer) -> Int {
    Int(section.loadUnaligned(fromByteOffset: 44, as: UInt32.self))
  }

  /// nil if these bytes are no header of a file for 64 bits.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= Self.size, bytes[0] == 0x7F, bytes[1] == 0x45, bytes[2] == 0x4C, bytes[3] == 0x46,
      bytes[4] == 2, bytes[5] == 1
    else { return nil }
    type = bytes.loadUnaligned(fromByteOffset: 16, as: UInt16.self)
    machine = bytes.loadUnaligned(fromByteOffset: 18, as: UInt16.self)
    headersOffset = UInt(bytes.loadUnaligned(fromByteOffset: 32, as: UInt64.self))
    sectionsOffset = UInt(bytes.loadUnaligned(fromByteOffset: 40, as: UInt64.self))
    headerCount = Int(bytes.loadUnaligned(fromByteOffset: 56, as: UInt16.self))
    guard bytes.loadUnaligned(fromByteOffset: 54, as: UInt16.self) == UInt16(ProgramHeader.size) else { return nil }
  }

  var headersBytes: Int { headerCount * ProgramHeader.size }

  static func programHeaders(_ bytes: UnsafeRawBufferPointer) -> [ProgramHeader] {
    stride(from: 0, to: bytes.count - ProgramHeader.size + 1, by: ProgramHeader.size).map { start in
      ProgramHeader(
        type: bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self),
        flags: bytes.loadUnaligned(fromByteOffset: start + 4, as: UInt32.self),
        offset: UInt(bytes.loadUnaligned(fromByteOffset: start + 8, as: UInt64.self)),
        address: UInt(bytes.loadUnaligned(fromByteOffset: start + 16, as: UInt64.self)),
        fileBytes: UInt(bytes.loadUnaligned(fromByteOffset: start + 32, as: UInt64.self)),
        memoryBytes: UInt(bytes.loadUnaligned(fromByteOffset: start + 40, as: UInt64.self)))
    }
  }
}

/// A note, and where its record starts among the bytes.
struct ElfNote {
  let name: String
  let type: UInt32
  let record: Range<Int>

  static func all(_ bytes: UnsafeRawBufferPointer) -> [ElfNote] {
    var notes: [ElfNote] = []
    var start = 0
    while start + 12 <= bytes.count {
      let nameBytes = Int(bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self))
      let recordBytes = Int(bytes.loadUnaligned(fromByteOffset: start + 4, as: UInt32.self))
      let type = bytes.loadUnaligned(fromByteOffset: start + 8, as: UInt32.self)
      let record = start + 12 + (nameBytes + 3) / 4 * 4
      guard record + recordBytes <= bytes.count else { break }
      let name = String(decoding: bytes[start + 12..<start + 12 + nameBytes].prefix { $0 != 0 }, as: UTF8.self)
      notes.append(ElfNote(name: name, type: type, record: record..<record + recordBytes))
      start = record + (recordBytes + 3) / 4 * 4
    }
    return notes
  }
}
