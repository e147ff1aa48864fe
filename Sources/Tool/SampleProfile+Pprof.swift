/// The form of pprof: a message Profile of its profile.proto. The sample types have names; those that this tool knows
/// are the library's, and the first four also those of Go, tcmalloc and others.
extension SampleProfile {
  mutating func readPprof(_ bytes: [UInt8], _ path: String) throws(ToolError) {
    var reader = ProtoReader(bytes[...])
    var strings: [String] = []
    var (types, samples, maps, locations):
      ([[UInt: UInt]], [(calls: [UInt], values: [UInt])], [[UInt: UInt]], [UInt: UInt])
    (types, samples, maps, locations) = ([], [], [], [:])
    while let (field, value) = reader.next() {
      switch (field, value) {
      case (6, .bytes(let text)): strings.append(String(decoding: text, as: UTF8.self))
      case (1, .bytes(let message)): types.append(Self.numbers(message))
      case (2, .bytes(let message)):
        guard let sample = Self.sample(message) else { throw Self.refuse(path, "a sample cannot be read") }
        samples.append(sample)
      case (3, .bytes(let message)): maps.append(Self.numbers(message))
      case (4, .bytes(let message)):
        let location = Self.numbers(message)
        locations[location[1] ?? 0] = location[3] ?? 0
      default: break
      }
    }
    guard !reader.isBroken, !types.isEmpty, strings.first == "" else {
      throw Self.refuse(path, "it is neither of pprof's form nor of gperftools', or cut off")
    }
    func string(_ number: UInt?) -> String {
      guard let number, number < UInt(strings.count) else { return "" }
      return strings[Int(number)]
    }
    mappings = maps.map {
      Mapping(start: $0[2] ?? 0, end: $0[3] ?? 0, offset: $0[4] ?? 0, path: string($0[5]))
    }
    let names = types.map { string($0[1]) }
    hasPeak = names.contains("peak_space")
    for sample in samples {
      var stack = Stack(calls: sample.calls.map { locations[$0] ?? 0 })
      for (name, value) in zip(names, sample.values) { stack.set(name, Double(value)) }
      stacks.append(stack)
    }
  }

  /// The fields that are numbers.
  private static func numbers(_ message: ArraySlice<UInt8>) -> [UInt: UInt] {
    var reader = ProtoReader(message)
    var numbers: [UInt: UInt] = [:]
    while let (field, value) = reader.next() { if case .number(let number) = value { numbers[field] = number } }
    return numbers
  }

  private static func sample(_ message: ArraySlice<UInt8>) -> (calls: [UInt], values: [UInt])? {
    var reader = ProtoReader(message)
    var (calls, values): ([UInt], [UInt]) = ([], [])
    while let (field, value) = reader.next() {
      guard field == 1 || field == 2 else { continue }
      guard let numbers = ProtoReader.numbers(value) else { return nil }
      if field == 1 { calls += numbers } else { values += numbers }
    }
    return reader.isBroken ? nil : (calls, values)
  }
}

extension SampleProfile.Stack {
  fileprivate mutating func set(_ name: String, _ value: Double) {
    switch name {
    case "alloc_objects": allocated.objects = value
    case "alloc_space": allocated.bytes = value
    case "inuse_objects": live.objects = value
    case "inuse_space": live.bytes = value
    case "peak_objects": peak.objects = value
    case "peak_space": peak.bytes = value
    default: break
    }
  }
}
