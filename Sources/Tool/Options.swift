import CSlabTool
import Glibc

/// The command line after the command's name, read by the C library's getopt_long().
struct Options {
  private(set) var values: [String: String] = [:]
  private(set) var operands: [String] = []

  func has(_ name: String) -> Bool { values[name] != nil }

  /// - Parameters:
  ///   - known: the names of options that the command takes; with `=` at the end those with a value.
  ///   - arguments: the command's name first.
  ///   - passesRest: options end at the first operand.
  init(_ arguments: [String], _ known: [String], passesRest: Bool) throws(ToolError) {
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    words.append(nil)
    var allocated = words
    var table: [option] = []
    for (index, name) in known.enumerated() {
      let copy = strdup(Self.word(name))
      allocated.append(copy)
      let argument = name.hasSuffix("=") ? required_argument : no_argument
      table.append(option(name: UnsafePointer(copy), has_arg: argument, flag: nil, val: 256 + Int32(index)))
    }
    table.append(option())
    defer { for word in allocated { free(word) } }
    let output = known.firstIndex(of: "output=")
    let short = (passesRest ? "+:" : ":") + (output == nil ? "" : "o:")
    var isFirst: Int32 = 1
    while true {
      let found = slm_tool_option(Int32(arguments.count), &words, short, table, isFirst)
      isFirst = 0
      if found == -1 { break }
      let index = found == Int32(UInt8(ascii: "o")) ? output ?? -1 : Int(found) - 256
      guard index >= 0 else {
        let place = min(Int(slm_tool_option_index()), arguments.count) - 1
        let word = words[place].map { String(cString: $0) } ?? ""
        throw .usage(found == Int32(UInt8(ascii: ":")) ? "\(word) needs a value" : "there is no option \(word)")
      }
      values[Self.word(known[index])] = slm_tool_option_value().map { String(cString: $0) } ?? ""
    }
    // getopt_long() has moved the operands behind the options.
    operands = words[Int(slm_tool_option_index())..<arguments.count].compactMap { $0.map { String(cString: $0) } }
  }
  /// A name without its sign of a value.
  private static func word(_ name: String) -> String { name.hasSuffix("=") ? String(name.dropLast()) : name }
}
