/// The options of the environment: their names, the values they take, and what the help says of them. `Environment`
/// reads them, and prints the help.
///
///     SLABMALLOC_PURGE_DELAY=100
///     | prefix  | name     | value
enum EnvironmentOption: UInt8 {
  case purgeDelay
  case retain
  case reserve
  case profile
  case hugePages
  case statistics
  case statisticsFile
  case statisticsSignal
  case statisticsInterval
  case sample
  case sampleFile
  case backtrace
  case trace
  case abortConf
  case help

  static var count: UInt8 { 15 }

  /// What follows the prefix.
  var name: StaticString {
    switch self {
    case .purgeDelay: "PURGE_DELAY"
    case .retain: "RETAIN"
    case .reserve: "RESERVE"
    case .profile: "PROFILE"
    case .hugePages: "HUGE_PAGES"
    case .statistics: "STATS"
    case .statisticsFile: "STATS_FILE"
    case .statisticsSignal: "STATS_SIGNAL"
    case .statisticsInterval: "STATS_INTERVAL"
    case .sample: "SAMPLE"
    case .sampleFile: "SAMPLE_FILE"
    case .backtrace: "BACKTRACE"
    case .trace: "TRACE"
    case .abortConf: "ABORT_CONF"
    case .help: "HELP"
    }
  }

  /// What a value has to be.
  var value: StaticString {
    switch self {
    case .purgeDelay: "a number of milliseconds up to 2147483647"
    case .retain: "a number of MiB up to 1099511627776"
    case .reserve: "a number of GiB up to 32768"
    case .profile: "fast, checked or hardened"
    case .hugePages: "never, auto or always"
    case .statistics: "table, json, 0 or 1"
    case .statisticsSignal: "a number up to 64, HUP, QUIT, USR1, USR2, URG, WINCH, IO or PWR"
    case .statisticsInterval: "a number of seconds up to 2147483"
    case .sample: "a number of bytes up to 1024GiB, such as 512KiB"
    case .backtrace, .abortConf, .help: "0 or 1"
    case .trace, .statisticsFile, .sampleFile: "a file that can be written"
    }
  }

  var meaning: StaticString {
    switch self {
    case .purgeDelay: "until unused memory returns to the system"
    case .retain: "unused memory that may wait for that"
    case .reserve: "what the first segment may grow to"
    case .profile: "what is checked"
    case .hugePages: "where the system is asked for huge pages"
    case .statistics: "statistics when the process ends; 1 is table"
    case .statisticsFile: "gets the statistics in place of stderr"
    case .statisticsSignal: "prints the statistics"
    case .statisticsInterval: "prints the statistics again and again; 0: never"
    case .sample: "bytes from one sample of the heap profile to the next; 0: no profile"
    case .sampleFile: "gets the heap profile when the process ends; of pprof's form if it ends in .pb"
    case .backtrace: "1 prints the call stack of a misuse"
    case .trace: "gets a trace of every call"
    case .abortConf: "1 ends the process if an option can't be read"
    case .help: "1 prints this list"
    }
  }
}

/// What the environment says of the reading itself.
struct EnvironmentReading {
  /// The run pool was made with its options.
  let isInTime: Bool
  /// The options of the run pool.
  var options: RunPool.Options
  /// An option that can't be read ends the process.
  var isStrict = false
  var hasRefused = false
  var wantsHelp = false
  var statistics = StatisticsOptions()
  var sample = SampleOptions()
  /// The file of the trace, as the environment names it.
  var tracePath: UnsafePointer<CChar>?
}
