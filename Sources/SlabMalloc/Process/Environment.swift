import CSlabPort

/// Options from the environment. A value that can't be understood is reported once on stderr and ignored.
///
///     SLABMALLOC_PURGE_DELAY   milliseconds
///     SLABMALLOC_RETAIN        MiB
///     SLABMALLOC_RESERVE       GiB of address space; 0: small segments, as they are needed
///     SLABMALLOC_PROFILE       fast, checked or hardened
///     SLABMALLOC_STATS         1: a table on stderr at exit
///     SLABMALLOC_TRACE         file that gets a trace, see TraceFormat.swift; %p in it becomes the process's number
enum Environment {
  /// The characters of SLABMALLOC_.
  static var prefixLength: Int { Int(SLM_PORT_OPTION_PREFIX_LENGTH) }
  static var equalsSign: CChar { 61 }
  static var digitZero: Int { 48 }
}

extension UnsafeMutablePointer where Pointee == ProcessState {
  func readEnvironment() {
    // The loader may call a program's functions before there is an environment. The constructor then calls this again.
    guard slm_port_has_environment() != 0, !pointee.hasReadEnvironment else { return }
    pointee.hasReadEnvironment = true
    var position = 0
    while let entry = slm_port_next_option(&position) { read(entry) }
  }

  /// - Parameter entry: NAME=value, whose name starts with the prefix.
  private func read(_ entry: UnsafePointer<CChar>) {
    let name = entry + Environment.prefixLength
    if let value = value(name, of: "PURGE_DELAY") {
      guard let number = number(value, upTo: UInt(Int32.max)) else { return refuse(entry, "a number of milliseconds") }
      runs.pointee.options.purgeDelay = UInt32(number)
    } else if let value = value(name, of: "RETAIN") {
      guard let number = number(value, upTo: 1 << 40) else { return refuse(entry, "a number of MiB") }
      runs.pointee.options.retain = number << 20
    } else if let value = value(name, of: "RESERVE") {
      guard let number = number(value, upTo: 1 << 15) else { return refuse(entry, "a number of GiB up to 32768") }
      runs.pointee.options.addressSpace = number << 30
    } else if let value = value(name, of: "PROFILE") {
      guard let profile = profile(value) else { return refuse(entry, "fast, checked or hardened") }
      guard runs.pointee.segmentCount == 0 else { return refuse(entry, "in time: memory was allocated before") }
      runs.pointee.options.profile = profile
    } else if let value = value(name, of: "STATS") {
      guard let number = number(value, upTo: 1) else { return refuse(entry, "0 or 1") }
      pointee.printsStatistics = number == 1
    } else if let path = value(name, of: "TRACE") {
      guard TracePointer.shared.begin(path) else { return refuse(entry, "a file that can be written") }
    } else {
      refuse(entry, "an option")
    }
  }

  /// What follows "name=".
  private func value(_ entry: UnsafePointer<CChar>, of name: StaticString) -> UnsafePointer<CChar>? {
    let count = name.utf8CodeUnitCount
    for index in 0..<count where UInt8(bitPattern: entry[index]) != name.utf8Start[index] { return nil }
    return entry[count] == Environment.equalsSign ? entry + count + 1 : nil
  }

  private func profile(_ text: UnsafePointer<CChar>) -> Profile? {
    if isEqual(text, "fast") { return .fast }
    if isEqual(text, "checked") { return .checked }
    return isEqual(text, "hardened") ? .hardened : nil
  }

  private func isEqual(_ text: UnsafePointer<CChar>, _ word: StaticString) -> Bool {
    for index in 0..<word.utf8CodeUnitCount where UInt8(bitPattern: text[index]) != word.utf8Start[index] {
      return false
    }
    return text[word.utf8CodeUnitCount] == 0
  }

  private func number(_ text: UnsafePointer<CChar>, upTo limit: UInt) -> UInt? {
    guard text[0] != 0 else { return nil }
    var number: UInt = 0
    var index = 0
    while text[index] != 0 {
      let digit = Int(text[index]) - Environment.digitZero
      guard digit >= 0, digit <= 9 else { return nil }
      number = number * 10 + UInt(digit)
      guard number <= limit else { return nil }
      index += 1
    }
    return number
  }

  private func refuse(_ entry: UnsafePointer<CChar>, _ wanted: StaticString) {
    var line = TextLine()
    line.add("slabmalloc: ")
    line.add(cString: entry)
    line.add(": not ")
    line.add(wanted)
    line.add("; ignored")
    line.write()
  }
}
