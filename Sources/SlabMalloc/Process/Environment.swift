import CSlabPort

/// Options from the environment, see `EnvironmentOption`. A value that can't be read is reported once on stderr and
/// ignored; with SLABMALLOC_ABORT_CONF=1 it ends the process after all have been reported.
///
/// Invariant: a program that has more rights than its caller reads none, see `slm_port_next_option`.
enum Environment {
  /// The characters of SLABMALLOC_.
  static var prefixLength: Int { Int(SLM_PORT_OPTION_PREFIX_LENGTH) }
  static var equalsSign: CChar { 61 }
  static var digitZero: Int { 48 }

  /// What follows "name=".
  fileprivate static func value(_ name: UnsafePointer<CChar>, of option: EnvironmentOption) -> UnsafePointer<CChar>? {
    let wanted = option.name
    let count = wanted.utf8CodeUnitCount
    for index in 0..<count where UInt8(bitPattern: name[index]) != wanted.utf8Start[index] { return nil }
    return name[count] == equalsSign ? name + count + 1 : nil
  }

  fileprivate static func profile(_ text: UnsafePointer<CChar>) -> Profile? {
    if isEqual(text, "fast") { return .fast }
    if isEqual(text, "checked") { return .checked }
    return isEqual(text, "hardened") ? .hardened : nil
  }

  static func isEqual(_ text: UnsafePointer<CChar>, _ word: StaticString) -> Bool {
    for index in 0..<word.utf8CodeUnitCount where UInt8(bitPattern: text[index]) != word.utf8Start[index] {
      return false
    }
    return text[word.utf8CodeUnitCount] == 0
  }

  fileprivate static func hugePages(_ text: UnsafePointer<CChar>) -> HugePages.Mode? {
    if isEqual(text, "never") { return .never }
    if isEqual(text, "auto") { return .auto }
    return isEqual(text, "always") ? .always : nil
  }

  fileprivate static func flag(_ text: UnsafePointer<CChar>) -> Bool? { number(text, upTo: 1).map { $0 == 1 } }

  static func number(_ text: UnsafePointer<CChar>, upTo limit: UInt) -> UInt? {
    guard text[0] != 0 else { return nil }
    var number: UInt = 0
    var index = 0
    while text[index] != 0 {
      let digit = Int(text[index]) - digitZero
      guard digit >= 0, digit <= 9 else { return nil }
      number = number * 10 + UInt(digit)
      guard number <= limit else { return nil }
      index += 1
    }
    return number
  }
}

extension Environment {
  /// The options of the run pool, as far as they can be read. Nothing is reported.
  static var runOptions: RunPool.Options {
    var options = RunPool.Options.standard
    forEachOption {
      if let (option, value) = option($0) { _ = set(option, value, in: &options) }
    }
    return options
  }

  /// The option that an entry sets, and its value. nil if there is no such option.
  fileprivate static func option(_ name: UnsafePointer<CChar>) -> (EnvironmentOption, UnsafePointer<CChar>)? {
    for index in 0..<EnvironmentOption.count {
      if let option = EnvironmentOption(rawValue: index), let value = value(name, of: option) { return (option, value) }
    }
    return nil
  }

  /// Calls the body with what follows the prefix of each entry.
  fileprivate static func forEachOption(_ body: (UnsafePointer<CChar>) -> Void) {
    var position = 0
    while let entry = slm_port_next_option(&position) { body(entry + prefixLength) }
  }

  /// False if the value can't be read. nil if the option is none of the run pool's.
  fileprivate static func set(
    _ option: EnvironmentOption, _ value: UnsafePointer<CChar>, in options: inout RunPool.Options
  ) -> Bool? {
    switch option {
    case .purgeDelay:
      guard let number = number(value, upTo: UInt(Int32.max)) else { return false }
      options.purgeDelay = UInt32(number)
    case .retain:
      guard let number = number(value, upTo: 1 << 40) else { return false }
      options.retain = number << 20
    case .reserve:
      guard let number = number(value, upTo: 1 << 15) else { return false }
      options.addressSpace = number << 30
    case .profile:
      guard let profile = profile(value) else { return false }
      options.profile = profile
    case .hugePages:
      guard let mode = hugePages(value) else { return false }
      options.hugePages = mode
    case .statistics, .statisticsFile, .statisticsSignal, .statisticsInterval, .sample, .sampleFile, .backtrace, .trace,
      .abortConf, .help:
      return nil
    }
    return true
  }
}

extension UnsafeMutablePointer where Pointee == ProcessState {
  /// Reads all options and reports those that can't be read. `isInTime` says that the run pool was made with its own:
  /// other threads may have allocated since. Otherwise these hold from now on, the profile only if nothing was
  /// allocated.
  func readEnvironment(isInTime: Bool) {
    // The loader may call a program's functions before there is an environment. The constructor then calls this again.
    guard slm_port_has_environment() != 0, !pointee.hasReadEnvironment else { return }
    pointee.hasReadEnvironment = true
    var reading = EnvironmentReading(isInTime: isInTime, options: runs.pointee.options)
    Environment.forEachOption {
      // First, since it decides how the others are refused. Whoever misspells its value wants to know, too.
      if let value = Environment.value($0, of: .abortConf) { reading.isStrict = Environment.flag(value) ?? true }
    }
    Environment.forEachOption { read($0, &reading) }
    if !isInTime { runs.pointee.options = reading.options }
    StatisticsPointer.shared.begin(reading.statistics)
    SamplerPointer.shared.pointee.options = reading.sample
    if reading.wantsHelp { printHelp(reading) }
    if reading.hasRefused, reading.isStrict { slm_port_abort() }
  }

  private func read(_ name: UnsafePointer<CChar>, _ reading: inout EnvironmentReading) {
    guard let (option, value) = Environment.option(name) else { return refuse(name, "an option", &reading) }
    if option == .profile, !reading.isInTime, runs.pointee.segmentCount != 0,
      let profile = Environment.profile(value), profile != runs.pointee.options.profile
    {
      return refuse(name, "in time: memory was allocated before", &reading)
    }
    if !set(option, value, &reading) { refuse(name, option.value, &reading) }
  }

  /// False if the value can't be read.
  private func set(
    _ option: EnvironmentOption, _ value: UnsafePointer<CChar>, _ reading: inout EnvironmentReading
  ) -> Bool {
    if let isRead = Environment.set(option, value, in: &reading.options) { return isRead }
    switch option {
    case .statistics: return reading.statistics.setForm(value)
    case .statisticsFile:
      guard slm_port_output_is_writable(value) != 0 else { return false }
      reading.statistics.path = value
    case .statisticsSignal: return reading.statistics.setSignal(value)
    case .statisticsInterval:
      guard let number = Environment.number(value, upTo: 2_147_483) else { return false }
      reading.statistics.interval = number
    case .sample: return reading.sample.readRate(value)
    case .sampleFile:
      guard slm_port_output_is_writable(value) != 0 else { return false }
      reading.sample.path = value
    case .backtrace:
      guard let flag = Environment.flag(value) else { return false }
      pointee.printsCallStack = flag
    case .trace:
      guard TracePointer.shared.begin(value) else { return false }
      reading.tracePath = value
    case .abortConf: return Environment.flag(value) != nil
    case .help:
      guard let flag = Environment.flag(value) else { return false }
      reading.wantsHelp = flag
    case .purgeDelay, .retain, .reserve, .profile, .hugePages: break
    }
    return true
  }

  private func refuse(_ name: UnsafePointer<CChar>, _ wanted: StaticString, _ reading: inout EnvironmentReading) {
    reading.hasRefused = true
    var line = TextLine()
    line.add("slabmalloc: ")
    line.add(cString: name - Environment.prefixLength)
    line.add(": not ")
    line.add(wanted)
    line.add(reading.isStrict ? "; fatal" : "; ignored")
    line.write()
  }
}
