/// Names for the addresses of a profile: of functions, from the files that were mapped there. A file that is gone, or
/// has no symbols, gives its name and the place in it, as addr2line takes it.
struct Symbolizer {
  private let mappings: [Mapping]
  private var tables: [String: SymbolTable] = [:]
  private var names: [UInt: String] = [:]

  init(_ mappings: [Mapping]) { self.mappings = mappings }

  mutating func name(_ address: UInt) -> String {
    if let known = names[address] { return known }
    let name = find(address)
    names[address] = name
    return name
  }

  private mutating func find(_ address: UInt) -> String {
    guard let mapping = mappings.first(where: { address >= $0.start && address < $0.end }), !mapping.path.isEmpty else {
      return hex(address)
    }
    let offset = address - mapping.start &+ mapping.offset
    if tables[mapping.path] == nil { tables[mapping.path] = SymbolTable(mapping.path) }
    if let name = tables[mapping.path]?.name(ofOffset: offset) { return name }
    return "\(mapping.path.split(separator: "/").last ?? "")+\(hex(offset))"
  }
}
