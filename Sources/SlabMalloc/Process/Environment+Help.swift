/// The list of options that SLABMALLOC_HELP=1 prints on stderr, as they could be set:
///
///     slabmalloc: SLABMALLOC_RETAIN=64 (default 256; a number of MiB): unused memory that may wait for that
extension UnsafeMutablePointer where Pointee == ProcessState {
  func printHelp(_ reading: EnvironmentReading) {
    for index in 0..<EnvironmentOption.count {
      guard let option = EnvironmentOption(rawValue: index) else { continue }
      var line = TextLine()
      line.add("slabmalloc: SLABMALLOC_")
      line.add(option.name)
      line.add("=")
      add(option, reading, reading.options, to: &line)
      line.add(" (default ")
      addDefault(option, to: &line)
      line.add("; ")
      line.add(option.value)
      line.add("): ")
      line.add(option.meaning)
      line.write()
    }
  }

  /// The value that holds now.
  private func add(
    _ option: EnvironmentOption, _ reading: EnvironmentReading, _ options: RunPool.Options, to line: inout TextLine
  ) {
    switch option {
    case .purgeDelay: line.add(UInt(options.purgeDelay))
    case .retain: line.add(options.retain >> 20)
    case .reserve: line.add(options.addressSpace >> 30)
    case .profile: line.add(options.profile.name)
    case .hugePages: line.add(options.hugePages.name)
    case .statistics: line.add(reading.statistics.name)
    case .statisticsFile: if let path = reading.statistics.path { line.add(cString: path) }
    case .statisticsSignal: line.add(UInt(reading.statistics.signal))
    case .statisticsInterval: line.add(reading.statistics.interval)
    case .sample: line.add(reading.sample.rate)
    case .sampleFile: if let path = reading.sample.path { line.add(cString: path) }
    case .backtrace: line.add(pointee.printsCallStack ? 1 : 0)
    case .trace: if let path = reading.tracePath { line.add(cString: path) }
    case .abortConf: line.add(reading.isStrict ? 1 : 0)
    case .help: line.add(1)
    }
  }

  private func addDefault(_ option: EnvironmentOption, to line: inout TextLine) {
    let standard = RunPool.Options.standard
    switch option {
    case .purgeDelay: line.add(UInt(standard.purgeDelay))
    case .retain: line.add(standard.retain >> 20)
    case .reserve: line.add(standard.addressSpace >> 30)
    case .profile: line.add(standard.profile.name)
    case .hugePages: line.add(standard.hugePages.name)
    case .trace, .statisticsFile: line.add("none")
    case .sampleFile: line.add(SampleOptions.standardPath)
    case .statistics, .statisticsSignal, .statisticsInterval, .sample, .backtrace, .abortConf, .help: line.add(0)
    }
  }
}

extension HugePages.Mode {
  /// As the environment spells it.
  fileprivate var name: StaticString {
    switch self {
    case .never: "never"
    case .auto: "auto"
    case .always: "always"
    }
  }
}
