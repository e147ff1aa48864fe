import CSlabPort

/// The text of a report on its way to stderr or to the file of the statistics. A file is opened for each report, since
/// the program may close every descriptor meanwhile. What cannot be written is taken back, and reported on stderr.
struct StatisticsOutput {
  /// The program's name, ended by 0.
  private(set) var name: InlineArray<32, CChar>
  private var bytes: InlineArray<16384, CChar>
  private var count: Int
  private var file: Int32
  private var hasFailed: Bool

  mutating func begin() {
    count = 0
    hasFailed = false
    withUnsafeMutablePointer(to: &name) { slm_port_program_name(UnsafeMutableRawPointer($0), 32) }
    file = slm_port_open_output()
    if file < 0 { hasFailed = true }
  }

  mutating func add(_ text: UnsafePointer<CChar>, _ length: Int) {
    for index in 0..<length {
      if count == bytes.count { flush() }
      bytes[unchecked: count] = text[index]
      count += 1
    }
  }

  mutating func end() {
    flush()
    guard !hasFailed else { return report() }
    slm_port_close_output(file)
  }

  private mutating func flush() {
    let length = count
    count = 0
    guard !hasFailed else { return }
    let isWritten = withUnsafePointer(to: bytes) { slm_port_write_output(file, UnsafeRawPointer($0), length) == 0 }
    guard !isWritten else { return }
    slm_port_close_output(file)
    hasFailed = true
  }

  private func report() {
    guard let path = slm_port_output_path() else { return }
    var line = TextLine()
    line.add("slabmalloc: no statistics: ")
    line.add(cString: path)
    line.add(" cannot be written")
    line.addIds()
    line.write()
  }
}
