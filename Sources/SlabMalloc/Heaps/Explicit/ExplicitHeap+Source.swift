/// Explicit heaps in the memory of a page provider: nothing of them lies outside it.
///
/// Such a heap has a pool of its own, at the start of the first run that the provider gave. Segments, parts, slabs and
/// large objects are in that pool:
///
///     | HeapPool | Segment | table | page 0: parts, metadata | slabs ... |     | Segment | table | ... |
///      first run of the provider                                              further runs
///
/// The process's heaps do not know these objects: a look at an address in the process's pool finds nothing.
extension UnsafeMutablePointer where Pointee == HeapPool {
  /// An explicit heap in memory of a source, with the profile of this pool. nil if the source has not enough.
  func makeHeap(from source: RunSource, soft: UInt = 0, hard: UInt = 0) -> ExplicitHeapPointer? {
    var bytes: UInt = 1 << 20
    var taken = source.take(bytes)
    if taken == nil {
      bytes /= 2
      taken = source.take(bytes)
    }
    guard let memory = taken else { return nil }
    let own = memory.assumingMemoryBound(to: HeapPool.self)
    guard own.initialize(source, bytes, like: self) else {
      source.release(source.context, memory, Int(bytes))
      return nil
    }
    if let heap = own.makeHeap(soft: soft, hard: hard) { return heap }
    own.runs.end(source)
    return nil
  }

  private func initialize(_ source: RunSource, _ bytes: UInt, like other: HeapPoolPointer) -> Bool {
    let head = UInt(MemoryLayout<HeapPool>.stride)
    raw.initializeMemory(as: UInt8.self, repeating: 0, count: Int(head))
    let report = other.pointee.report
    let (options, system) = (other.runs.pointee.options, other.runs.pointee.system)
    return locked {
      guard let report else { return false }
      initialize(SystemMemory.none(like: system), options, report: report)
      return runs.setSource(source, raw, bytes, head: head)
    }
  }
}
