import SlabMalloc

/// A source that counts what is out and fails when it is told to. The counter outlives everything on it.
struct CountingSource: MemorySource {
  struct Counter {
    var allocations = 0
    var live: [UnsafeMutableRawPointer: Layout] = [:]
    /// The allocation that is refused, counted from 1; 0 for none.
    var refused = 0
    var errors: [String] = []
  }

  private let counter: UnsafeMutablePointer<Counter>

  /// Lends a source to a closure. Returns what was counted.
  static func with(refusing call: Int = 0, _ body: (CountingSource) throws -> Void) rethrows -> Counter {
    let counter = UnsafeMutablePointer<Counter>.allocate(capacity: 1)
    counter.initialize(to: Counter(refused: call))
    defer { counter.deallocate() }
    try body(CountingSource(counter: counter))
    return counter.move()
  }

  func allocate(_ layout: Layout) throws(AllocationError) -> UnsafeMutableRawPointer {
    counter.pointee.allocations += 1
    guard counter.pointee.allocations != counter.pointee.refused else { throw .outOfMemory }
    guard layout.size >= 0, layout.size < 1 << 40 else { throw .invalidLayout }
    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(layout.size, 1), alignment: layout.alignment)
    memory.initializeMemory(as: UInt8.self, repeating: 0xA5, count: layout.size)
    counter.pointee.live[memory] = layout
    return memory
  }

  func deallocate(_ memory: UnsafeMutableRawPointer, _ layout: Layout) {
    guard let out = counter.pointee.live.removeValue(forKey: memory) else {
      return counter.pointee.errors.append("memory that is not out came back")
    }
    if out.alignment != layout.alignment || out.size < layout.size {
      counter.pointee.errors.append("\(out) came back as \(layout)")
    }
    memory.deallocate()
  }
}

/// A value that adds its number to a list when it ends.
struct Tracked: ~Copyable {
  final class Log { var ended: [Int] = [] }
  var number: Int
  let log: Log

  init(_ number: Int, _ log: Log) {
    self.number = number
    self.log = log
  }

  deinit { log.ended.append(number) }
}

/// A value with the largest alignment that Swift gives a type: 16. Larger ones are for layouts alone.
struct Vectors {
  var words: SIMD8<UInt64> = SIMD8(repeating: 7)
}
