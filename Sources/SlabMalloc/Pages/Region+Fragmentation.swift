/// The fragmentation of a region's free memory.
struct Fragmentation: Equatable {
  /// In base pages.
  var freePages: UInt = 0
  var largestFreeRun: UInt = 0
  var wholeBlocks: UInt = 0
}

extension UnsafeMutablePointer where Pointee == Region {
  /// Measures the free pages, by a look at each range.
  func fragmentation() -> Fragmentation {
    pointee.lock.acquire()
    defer { pointee.lock.release() }
    var result = Fragmentation(freePages: pointee.freePages, wholeBlocks: pointee.wholeBlocks)
    var next = pointee.ranges
    while let range = next {
      result.largestFreeRun = max(result.largestFreeRun, range.free.pointee.root.pointee.longest)
      next = range.pointee.next
    }
    return result
  }

  /// Calls the body with the number of pages of each stretch of free pages. Holds the lock for one stretch at a time,
  /// because other callers should not wait long. Stretches may therefore stem from different moments.
  func forEachFreeRun(_ body: (UInt) -> Void) {
    pointee.lock.acquire()
    var next = pointee.ranges
    pointee.lock.release()
    while let range = next {
      var from: UInt = 0
      while let (start, pages) = freeRun(range, from: from) {
        body(pages)
        from = start &+ pages
      }
      next = range.pointee.next
    }
  }

  private func freeRun(_ range: MemoryRangePointer, from: UInt) -> (start: UInt, pages: UInt)? {
    pointee.lock.acquire()
    defer { pointee.lock.release() }
    guard let start = range.free.lowestFit(1, from: from) else { return nil }
    return (start, range.free.run(from: start))
  }
}
