/// Where pointers may lie outside of objects: what a program has mapped, without what is known to hold none.
///
///     mapped ── the library's own memory ── dead parts of stacks ── pages that nobody wrote to ──> roots
///
/// A stack is dead below its thread's stack pointer, but for the red zone, and all of it is once its thread has ended:
/// glibc keeps it for the next thread. Both are recognised by glibc's descriptor of a thread, which lies in the stack's
/// mapping and names its ends. Where none is found, everything counts.
///
///     | stack: start ... | dead | red zone | in use ... | thread-local variables | descriptor | end
///                               stack pointer                                    thread pointer
struct Roots {
  private(set) var ranges: [(range: Range<UInt>, isPrivate: Bool)] = []

  private static let redZone: UInt = 128
  /// Bytes at the end of a mapping in which a descriptor is looked for, and bytes of one in which the ends stand.
  private static let tail: UInt = 16384
  private static let descriptorBytes: UInt = 2304
  /// Where the descriptor of x86_64 has the thread's number: -1 once the thread is joined.
  private static let threadNumber: UInt = 720

  init(_ source: any Source, _ threads: [ThreadRegisters], own: [Range<UInt>]) throws(ToolError) {
    let regions = try source.regions().sorted { $0.range.lowerBound < $1.range.lowerBound }
    let holes = Self.joined(own + Self.deadStacks(source, threads, regions))
    var next = 0
    for region in regions where Self.mayHavePointers(region) {
      var start = region.range.lowerBound
      while next < holes.count, holes[next].lowerBound < region.range.upperBound {
        if holes[next].lowerBound > start { ranges.append((start..<holes[next].lowerBound, region.isPrivate)) }
        start = max(start, holes[next].upperBound)
        // A hole may go on in the next region.
        guard holes[next].upperBound <= region.range.upperBound else { break }
        next += 1
      }
      if start < region.range.upperBound { ranges.append((start..<region.range.upperBound, region.isPrivate)) }
    }
  }

  /// By address, and apart.
  private static func joined(_ ranges: [Range<UInt>]) -> [Range<UInt>] {
    var joined: [Range<UInt>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
      if let last = joined.last, range.lowerBound <= last.upperBound {
        joined[joined.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        joined.append(range)
      }
    }
    return joined
  }

  /// Code that cannot be written to has no pointers to objects. Constants may: a program may protect what it wrote.
  private static func mayHavePointers(_ region: Region) -> Bool {
    guard region.isWritable || !region.isExecutable else { return false }
    guard region.isWritable || region.isPrivate else { return false }
    return !["[vvar]", "[vvar_vclock]", "[vdso]", "[vsyscall]"].contains(region.path)
  }

  private static func deadStacks(
    _ source: any Source, _ threads: [ThreadRegisters], _ regions: [Region]
  ) -> [Range<UInt>] {
    var dead: [Range<UInt>] = []
    let alive = Dictionary(threads.map { ($0.threadPointer, $0.stackPointer) }) { first, _ in first }
    for region in regions where region.path == "[stack]" {
      for thread in threads where region.range.contains(thread.stackPointer) {
        dead.append(below(thread.stackPointer, from: region.range.lowerBound))
      }
    }
    for thread in threads {
      guard let ends = stack(source, of: thread.threadPointer), ends.contains(thread.stackPointer) else { continue }
      dead.append(below(thread.stackPointer, from: ends.lowerBound))
    }
    // Of threads that have ended. The descriptor stays a root: it has what a thread returned, until somebody joins it,
    // and its second word leads to a table that the next thread takes over.
    for region in regions where region.isWritable && region.isPrivate && region.path.first != "/" {
      let start = max(region.range.lowerBound, region.range.upperBound - min(tail, region.range.upperBound))
      for place in stride(from: (start + 63) / 64 * 64, to: region.range.upperBound, by: 64) where alive[place] == nil {
        guard let ends = stack(source, of: place) else { continue }
        let isJoined = source.value(place + threadNumber, as: Int32.self) == -1
        dead.append(ends.lowerBound..<place)
        if isJoined { dead.append(place + 16..<ends.upperBound) }
      }
    }
    return dead
  }

  private static func below(_ stackPointer: UInt, from start: UInt) -> Range<UInt> {
    start..<max(start, stackPointer - min(redZone, stackPointer))
  }

  /// The ends of a stack, if its thread's descriptor is at an address. The descriptor starts with its own address,
  /// which it repeats in the third word, and has the start and the bytes of the stack somewhere.
  private static func stack(_ source: any Source, of place: UInt) -> Range<UInt>? {
    guard place != 0, place % 64 == 0, source.value(place, as: UInt.self) == place,
      let copy = source.copy(place, Int(descriptorBytes))
    else { return nil }
    defer { copy.deallocate() }
    let words = copy.bindMemory(to: UInt.self)
    guard words[2] == place else { return nil }
    for index in 3..<Int(descriptorBytes) / 8 - 1 {
      let (start, bytes) = (words[index], words[index + 1])
      let (end, isTooFar) = start.addingReportingOverflow(bytes)
      if start % 4096 == 0, start != 0, !isTooFar, start < place, end > place, bytes >= 16384, end - place < tail {
        return start..<end
      }
    }
    return nil
  }
}
