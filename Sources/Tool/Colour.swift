import Glibc

/// Colours of a terminal. What is written elsewhere has none, nor has it where the environment has NO_COLOR, or the
/// terminal is a dumb one: see no-color.org.
enum Colour: String {
  case bold = "1"
  case red = "31"
  case green = "32"

  /// The text in this colour, if it goes to a terminal.
  func paint(_ text: String, to file: Int32 = STDOUT_FILENO) -> String {
    Colour.isWanted(file) ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text
  }

  private static func isWanted(_ file: Int32) -> Bool {
    if let word = getenv("NO_COLOR"), word.pointee != 0 { return false }
    guard isatty(file) != 0, let terminal = getenv("TERM") else { return false }
    return terminal.pointee != 0 && strcmp(terminal, "dumb") != 0
  }
}
