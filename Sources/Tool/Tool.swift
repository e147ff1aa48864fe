import CSlabmalloc
import CSlabTool
import Glibc

/// slabmalloc: one program for those who run programs on slabmalloc. Each subcommand has a file of its own.
///
/// The tool is compiled together with the library's sources, so that it reads memory of others by the same types. It
/// has its own malloc from the C library.
@main
enum Tool {
  static func main() {
    let words = (0..<Int(CommandLine.argc)).compactMap { CommandLine.unsafeArgv[$0] }
    let arguments = words.map { String(cString: $0) }
    do {
      try run(arguments, words)
      try Output.finish()
    } catch {
      fflush(slm_tool_output())
      var command = ""
      if arguments.count > 1, Command.all.contains(where: { $0.name == arguments[1] }) { command = " \(arguments[1])" }
      fputs(Colour.red.paint("slabmalloc\(command):", to: STDERR_FILENO) + " \(error.message)\n", slm_tool_errors())
      if error.status == 2 { fputs("slabmalloc\(command) --help tells more\n", slm_tool_errors()) }
      exit(error.status)
    }
  }

  private static func run(_ arguments: [String], _ words: [Options.Word]) throws(ToolError) {
    guard arguments.count > 1 else { throw .usage("it takes a command") }
    switch arguments[1] {
    case "--help", "-h", "help": return Output.put(Command.overview)
    case "--version":
      return Output.put("slabmalloc \(SLM_VERSION_MAJOR).\(SLM_VERSION_MINOR).\(SLM_VERSION_PATCH)\n")
    default: break
    }
    guard let command = Command.all.first(where: { $0.name == arguments[1] }) else {
      throw .usage("there is no command \(arguments[1])")
    }
    let options = try Options(
      Array(words.dropFirst()), command.options.map { $0.name } + ["help"],
      passesRest: command.passesRest)
    if options.has("help") { return Output.put(command.help) }
    try command.body(options)
  }
}
