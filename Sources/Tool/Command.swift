/// A subcommand: its name, its help, and what it does. The tool's help, its completions and its man page list these.
struct Command: Sendable {
  let name: String
  /// What follows the name on a command line.
  let usage: String
  /// One line.
  let summary: String
  /// The options, each with what it does.
  let options: [(name: String, help: String)]
  /// Command lines that work.
  let examples: [String]
  let body: @Sendable (Options) throws(ToolError) -> Void
  /// Options end at the first operand: the rest is another command line.
  var passesRest = false

  static let all: [Command] = [
    .run, .stat, .heap, .whereIs, .map, .top, .leaks, .sample, .replay, .export, .completion,
  ]

  var help: String {
    var text = "usage: slabmalloc \(name) \(usage)\n\n\(summary)\n\n"
    for option in options + [("help", "this text")] { text += Command.line(option.name, option.help) }
    text += "\nexamples:\n"
    for example in examples { text += "  \(example)\n" }
    return text
  }

  private static func line(_ name: String, _ help: String) -> String {
    let isValued = name.hasSuffix("=")
    let word = (name == "output=" ? "-o, " : "") + "--" + (isValued ? name.dropLast() + " VALUE" : name[...])
    return "  \(word)\(String(repeating: " ", count: max(22 - word.count, 1)))\(help)\n"
  }

  static var overview: String {
    var text =
      "usage: slabmalloc COMMAND ...\n\nRuns programs on slabmalloc, and looks into their heaps from outside.\n\n"
    for command in all {
      text += "  \(command.name)\(String(repeating: " ", count: 12 - command.name.count))\(command.summary)\n"
    }
    return text + """

      slabmalloc COMMAND --help has the options and examples of a command. slabmalloc --version tells the version.
      A running process is neither stopped nor changed; leaks alone stops it for a moment.
      A process of another user takes root's rights.

      """
  }
}

extension Options {
  /// The one operand of a command.
  func operand(_ what: String) throws(ToolError) -> String {
    guard let first = operands.first, operands.count == 1 else { throw .usage("it takes \(what)") }
    return first
  }

  func number(_ name: String, _ range: ClosedRange<Int>) throws(ToolError) -> Int? {
    guard let text = values[name] else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw .usage("--\(name) takes a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }
}
