/// What ends a command: a line on stderr, and the status of the process.
///
///     0  it did what it was asked for
///     1  there is nothing to show: no slabmalloc in the process, no such address
///     2  the command line is wrong
///     3  something cannot be read or written: no permission, a process that has ended, another version
struct ToolError: Error {
  let message: String
  let status: Int32
  /// A later try may succeed.
  var isPassing = false

  static func nothing(_ message: String) -> ToolError { ToolError(message: message, status: 1) }
  static func usage(_ message: String) -> ToolError { ToolError(message: message, status: 2) }
  static func unreadable(_ message: String) -> ToolError { ToolError(message: message, status: 3) }
}
