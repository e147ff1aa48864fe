import CSlabTool
import Glibc

/// The functions of an ELF file, by address: from its symbol table, or from that of its dynamic symbols if it was
/// stripped.
///
///     header: shoff at 40 | shentsize at 58 | shnum at 60
///     section: type at 4 | offset at 24 | size at 32 | link at 40
///     symbol:  name, info at 4, section at 6, value at 8, size at 16
struct SymbolTable {
  private struct Function {
    let start: UInt
    let size: UInt
    let name: Int
  }

  private let bytes: [UInt8]
  private var loads: [ProgramHeader] = []
  private var functions: [Function] = []

  /// Empty if the file cannot be read, or is no ELF file.
  init(_ path: String) {
    bytes = (try? FileBytes.read(path)) ?? []
    guard let header = bytes.withUnsafeBytes({ ElfHeader($0) }) else { return }
    if let place = part(header.headersOffset, UInt(header.headersBytes)) {
      loads = bytes.withUnsafeBytes { all in
        ElfHeader.programHeaders(UnsafeRawBufferPointer(rebasing: all[place])).filter { $0.type == ProgramHeader.load }
      }
    }
    let sections = (0..<Int(number16(60))).compactMap { part(header.sectionsOffset &+ UInt($0) * 64, 64)?.lowerBound }
    for type: UInt32 in [2, 11] where functions.isEmpty {
      for section in sections where number32(section + 4) == type { read(section, sections) }
    }
    functions.sort { $0.start < $1.start }
  }

  /// The name of the function that a place of the file lies in. nil if none is known.
  func name(ofOffset offset: UInt) -> String? {
    guard let load = loads.first(where: { offset &- $0.offset < $0.fileBytes }) else { return nil }
    let address = load.address &+ (offset &- load.offset)
    var (low, high) = (0, functions.count)
    while low < high {
      let middle = (low + high) / 2
      if functions[middle].start <= address { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return nil }
    let function = functions[low - 1]
    // Code in assembly may have no size.
    guard function.size == 0 || address - function.start < function.size else { return nil }
    let text = bytes[function.name...].prefix { $0 != 0 }
    return Self.demangled(String(decoding: text, as: UTF8.self))
  }

  private static func demangled(_ name: String) -> String {
    guard name.hasPrefix("_Z"), let text = slm_tool_demangle(name) else { return name }
    defer { free(text) }
    return String(cString: text)
  }

  private mutating func read(_ section: Int, _ sections: [Int]) {
    let link = Int(number32(section + 40))
    guard link < sections.count, let symbols = part(number64(section + 24), number64(section + 32)),
      let names = part(number64(sections[link] + 24), number64(sections[link] + 32))
    else { return }
    for symbol in stride(from: symbols.lowerBound, to: symbols.upperBound - 23, by: 24) {
      let name = names.lowerBound + Int(number32(symbol))
      // A function, an indirect one too, that is defined here.
      let kind = bytes[symbol + 4] & 15
      guard kind == 2 || kind == 10, number16(symbol + 6) != 0, name < names.upperBound else { continue }
      functions.append(Function(start: number64(symbol + 8), size: number64(symbol + 16), name: name))
    }
  }

  /// nil if the file has no such part.
  private func part(_ offset: UInt, _ count: UInt) -> Range<Int>? {
    let (end, overflows) = offset.addingReportingOverflow(count)
    guard !overflows, end <= UInt(bytes.count) else { return nil }
    return Int(offset)..<Int(end)
  }

  private func number16(_ place: Int) -> UInt16 {
    bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: UInt16.self) }
  }
  private func number32(_ place: Int) -> UInt32 {
    bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: UInt32.self) }
  }
  private func number64(_ place: Int) -> UInt {
    UInt(bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: UInt64.self) })
  }
}
