import CSlabPort

/// A copy of the library in a program: its state's address, as the inspection record of CSlabPort leads to it.
struct Library {
  let path: String
  let state: UInt

  /// The copies that the loader put into a program: one, or some more where plug-ins have the static library.
  static func all(in source: any Source) throws(ToolError) -> [Library] {
    var found: [Library] = []
    var other: (path: String, version: UInt32)?
    var isAnyMissing = false
    for image in try source.images() {
      if source.value(image.base, as: UInt32.self) == nil { isAnyMissing = true }
      guard let (place, parts) = record(in: image, of: source) else { continue }
      guard let record = source.value(place, as: slm_port_inspection.self) else { continue }
      guard record.version == UInt32(SLM_PORT_INSPECTION_VERSION), record.layout == slm_port_layout() else {
        other = (image.path, record.version)
        continue
      }
      let field = place &+ UInt(MemoryLayout<slm_port_inspection>.offset(of: \.distance) ?? 0)
      let state = field &+ UInt(bitPattern: Int(record.distance))
      // A symbolizer reads the file as data: no state lies behind it.
      guard isLoaded(state, image, parts) else { continue }
      found.append(Library(path: image.path, state: state))
    }
    if found.isEmpty, let other {
      throw .unreadable("\(other.path) is of another version of slabmalloc: use the tool that came with it")
    }
    if found.isEmpty, isAnyMissing, !source.isRunning { throw source.explain("a loaded file") }
    guard !found.isEmpty else { throw .nothing("there is no slabmalloc in \(source.name)") }
    return found
  }

  /// Whether the part of the file that has an address is where the file's headers place it.
  private static func isLoaded(_ address: UInt, _ image: Image, _ parts: [ProgramHeader]) -> Bool {
    guard let part = parts.first(where: { address >= $0.address && address - $0.address < $0.memoryBytes }) else {
      return false
    }
    return part.fileBytes == 0 || image.has(part.offset, at: part.address)
  }

  /// The address of the record in a loaded file, and the file's parts at their addresses; nil if it has no record.
  private static func record(in image: Image, of source: any Source) -> (place: UInt, parts: [ProgramHeader])? {
    guard let start = source.copy(image.base, ElfHeader.size) else { return nil }
    defer { start.deallocate() }
    guard let header = ElfHeader(UnsafeRawBufferPointer(start)),
      let table = source.copy(image.base &+ header.headersOffset, header.headersBytes)
    else { return nil }
    defer { table.deallocate() }
    let headers = ElfHeader.programHeaders(UnsafeRawBufferPointer(rebasing: table[0..<header.headersBytes]))
    // The file's addresses start at that of its first part, which is 0 in all but programs of fixed addresses.
    guard let first = headers.first(where: { $0.type == ProgramHeader.load && $0.offset == 0 }) else { return nil }
    let placed = headers.map { $0.moved(by: image.base &- first.address) }
    for note in placed where note.type == ProgramHeader.note && note.fileBytes < 65536 {
      let place = note.address
      guard let bytes = source.copy(place, Int(note.fileBytes)) else { continue }
      defer { bytes.deallocate() }
      let notes = ElfNote.all(UnsafeRawBufferPointer(rebasing: bytes[0..<Int(note.fileBytes)]))
      let wanted = notes.first { $0.name == "slabmalloc" && $0.type == UInt32(SLM_PORT_INSPECTION_TYPE) }
      if let wanted, wanted.record.count >= MemoryLayout<slm_port_inspection>.size {
        return (place &+ UInt(wanted.record.lowerBound), placed.filter { $0.type == ProgramHeader.load })
      }
    }
    return nil
  }
}
