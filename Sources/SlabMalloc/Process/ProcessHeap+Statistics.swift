import CSlabPort

/// What the process holds.
extension UnsafeMutablePointer where Pointee == ProcessHeap {
  /// Bytes of pages that are usable, and of those, what nothing uses: dirty, and clean. The lock is held.
  var pages: (held: UInt, dirty: UInt, clean: UInt) {
    var pages: (held: UInt, dirty: UInt, clean: UInt) = (0, 0, 0)
    for index in 0..<pointee.reserveCount {
      guard let reserve = pointee.reserves[index] else { continue }
      pages.held += reserve.pointee.limit - reserve.pointee.base
      pages.dirty += reserve.pointee.dirty.pages << PageRun.pageShift
      pages.clean += reserve.pointee.clean.pages << PageRun.pageShift
    }
    pages.dirty += pointee.kept.dirtyPages << PageRun.pageShift
    pages.clean += pointee.kept.cleanPages << PageRun.pageShift
    return pages
  }

  /// Used slots of a class in all heaps, as other threads see them now. The lock is held.
  func used(_ sizeClass: UInt) -> UInt {
    var used: UInt = 0
    for index in 0..<pointee.reserveCount {
      guard let reserve = pointee.reserves[index], !reserve.pointee.isLone else { continue }
      used += reserve.used(UInt8(truncatingIfNeeded: sizeClass))
    }
    return used
  }

  /// A table of the size classes and the ledger, on stderr.
  func printStatistics() {
    var line = TextLine()
    line.add("slabmalloc: size class      slabs       used slots")
    line.write()
    acquire()
    for index in 0..<SizeClass.count where pointee.slabs[Int(index)] != 0 {
      line.add("slabmalloc: ")
      line.add(SizeClass.slotSize(index), width: 10)
      line.add(UInt(pointee.slabs[Int(index)]), width: 11)
      line.add(used(index), width: 17)
      line.write()
    }
    let counts = pointee.counts
    let pages = pages
    let metadata = pointee.metadata.pageCount << PageRun.pageShift
    release()
    row("KiB in slabs", counts.slabs >> 10)
    row("KiB in large objects", counts.large >> 10)
    row("large objects", counts.largeLive)
    row("KiB at the peak", counts.peak >> 10)
    row("KiB of metadata", metadata >> 10)
    row("KiB dirty", pages.dirty >> 10)
    row("KiB clean", pages.clean >> 10)
    row("KiB purged", counts.purged >> 10)
    row("KiB taken", counts.taken >> 10)
    row("KiB given back", counts.givenBack >> 10)
    row("heaps", counts.heaps)
  }

  private func row(_ name: StaticString, _ number: UInt) {
    var line = TextLine()
    line.add("slabmalloc: ")
    line.add(number, width: 21)
    line.add(" ")
    line.add(name)
    line.write()
  }
}

extension UnsafeMutablePointer where Pointee == Segment {
  fileprivate func used(_ index: UInt8) -> UInt {
    var used: UInt = 0
    var address = pointee.base
    while address < pointee.limit {
      let run = descriptor(address)
      if run.pointee.kind == .slab, run.pointee.binIndex == index { used += run.usedSlots }
      address += run.bytes
    }
    return used
  }
}
