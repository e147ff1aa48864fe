import CSlabPort

/// /proc/self/maps: which file lies where. A copy in pages of its own, since the file changes while it is read.
///
///     55d0a1b2c000-55d0a1b2d000 r-xp 00001000 08:01 4711   /usr/bin/redis-server
///     | start      | limit      |    | offset                | path
struct ProcessMaps {
  let text: UnsafePointer<UInt8>
  private(set) var count = 0
  private let mappings: UnsafeMutablePointer<Mapping>
  private(set) var mappingCount = 0

  /// Pages of a file that can be executed.
  struct Mapping {
    var start: UInt
    var limit: UInt
    var offset: UInt
    /// Where the path is in the text.
    var path: Int
    var pathLength: Int
  }

  /// Lines beyond these are left out.
  private static var textBytes: Int { 4 << 20 }
  private static var mostMappings: Int { 1 << 14 }

  /// nil if there is no memory, or no /proc.
  init?() {
    let bytes = Self.textBytes + Self.mostMappings * MemoryLayout<Mapping>.stride
    guard let memory = slm_port_map(bytes) else { return nil }
    text = UnsafePointer(memory.bindMemory(to: UInt8.self, capacity: Self.textBytes))
    mappings = (memory + Self.textBytes).bindMemory(to: Mapping.self, capacity: Self.mostMappings)
    count = Int(slm_port_read_maps(memory, Self.textBytes))
    // The last line is whole.
    while count > 0, text[count - 1] != newline { count -= 1 }
    var line = 0
    while line < count, mappingCount < Self.mostMappings {
      var end = line
      while text[end] != newline { end += 1 }
      add(line, end)
      line = end + 1
    }
  }

  func dispose() {
    slm_port_unmap(
      UnsafeMutableRawPointer(mutating: text), Self.textBytes + Self.mostMappings * MemoryLayout<Mapping>.stride)
  }

  subscript(index: Int) -> Mapping { mappings[index] }

  /// The number of the mapping that an address lies in. The lines are in the order of their addresses.
  func index(of address: UInt) -> Int? {
    var (low, high) = (0, mappingCount)
    while low < high {
      let middle = (low + high) / 2
      if mappings[middle].limit <= address { low = middle + 1 } else { high = middle }
    }
    return low < mappingCount && mappings[low].start <= address ? low : nil
  }

  private var newline: UInt8 { 10 }
  private var space: UInt8 { 32 }

  private mutating func add(_ line: Int, _ end: Int) {
    var position = line
    let start = hex(&position)
    position += 1
    let limit = hex(&position)
    let isExecutable = position + 3 < end && text[position + 3] == 120
    // Access, and behind it the offset.
    position += 6
    let offset = hex(&position)
    for _ in 0..<2 {
      while position < end, text[position] == space { position += 1 }
      while position < end, text[position] != space { position += 1 }
    }
    while position < end, text[position] == space { position += 1 }
    guard isExecutable, position < end else { return }
    mappings[mappingCount] = Mapping(
      start: start, limit: limit, offset: offset, path: position, pathLength: end - position)
    mappingCount += 1
  }

  private func hex(_ position: inout Int) -> UInt {
    var number: UInt = 0
    while position < count {
      let byte = text[position]
      switch byte {
      case 48...57: number = number << 4 | UInt(byte - 48)
      case 97...102: number = number << 4 | UInt(byte - 87)
      default: return number
      }
      position += 1
    }
    return number
  }
}
