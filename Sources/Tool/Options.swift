import CSlabTool
import Glibc

/// The command line after the command's name, read by the C library's getopt_long().
///
/// Words are bytes. Those that are shown or compared become text, in which what is no UTF-8 is repaired. Words for
/// another program stay as they are.
struct Options {
  /// A word of the command line, which lives as long as the process.
  typealias Word = UnsafeMutablePointer<CChar>

  private(set) var words: [String: Word] = [:]
  private(set) var rest: [Word] = []

  /// The values of options, and the operands, as text.
  var values: [String: String] { words.mapValues { String(cString: $0) } }
  var operands: [String] { rest.map { String(cString: $0) } }

  func has(_ name: String) -> Bool { words[name] != nil }

  /// - Parameters:
  ///   - arguments: the command's name first.
  ///   - known: the names of options that the command takes; with `=` at the end those with a value.
  ///   - passesRest: options end at the first operand.
  init(_ arguments: [Word], _ known: [String], passesRest: Bool) throws(ToolError) {
    var line: [Word?] = arguments + [nil]
    var table: [option] = []
    for (index, name) in known.enumerated() {
      let argument = name.hasSuffix("=") ? required_argument : no_argument
      table.append(
        option(name: UnsafePointer(strdup(Self.word(name))), has_arg: argument, flag: nil, val: 256 + Int32(index)))
    }
    defer { for entry in table { free(UnsafeMutablePointer(mutating: entry.name)) } }
    let output = known.firstIndex(of: "output=")
    let short = (passesRest ? "+:" : ":") + (output == nil ? "" : "o:")
    var isFirst: Int32 = 1
    while true {
      let found = slm_tool_option(Int32(arguments.count), &line, short, table + [option()], isFirst)
      isFirst = 0
      if found == -1 { break }
      let index = found == Int32(UInt8(ascii: "o")) ? output ?? -1 : Int(found) - 256
      guard index >= 0 else {
        let place = min(Int(slm_tool_option_index()), arguments.count) - 1
        let word = line[place].map { String(cString: $0) } ?? ""
        throw .usage(found == Int32(UInt8(ascii: ":")) ? "\(word) needs a value" : "there is no option \(word)")
      }
      words[Self.word(known[index])] = slm_tool_option_value() ?? Self.nothing
    }
    // getopt_long() has moved the operands behind the options.
    rest = line[Int(slm_tool_option_index())..<arguments.count].compactMap { $0 }
  }

  /// The value of an option without one.
  nonisolated(unsafe) private static let nothing: Word = {
    let word = Word.allocate(capacity: 1)
    word.pointee = 0
    return word
  }()

  /// A name without its sign of a value.
  private static func word(_ name: String) -> String { name.hasSuffix("=") ? String(name.dropLast()) : name }
}
