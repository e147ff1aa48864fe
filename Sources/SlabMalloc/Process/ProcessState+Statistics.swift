extension UnsafeMutablePointer where Pointee == ProcessState {
  /// What the process holds, at one moment.
  func snapshot() -> (
    runs: RunPool.Counts, heaps: HeapPool.Counts, pages: (held: UInt, dirty: UInt, clean: UInt), metadata: UInt
  ) {
    heaps.locked { (runs.pointee.counts, heaps.pointee.counts, runs.pages, runs.metadataBytes) }
  }

  /// A table of the size classes and the ledger, on stderr.
  func printStatistics() {
    var line = TextLine()
    line.add("slabmalloc: size class      slabs       used slots")
    line.write()
    runs.acquire()
    for index in 0..<SizeClass.count where heaps.pointee.slabCounts[Int(index)] != 0 {
      line.add("slabmalloc: ")
      line.add(SizeClass.slotSize(index), width: 10)
      line.add(UInt(heaps.pointee.slabCounts[Int(index)]), width: 11)
      line.add(heaps.used(index), width: 17)
      line.write()
    }
    runs.release()
    let (counts, heapCounts, pages, metadata) = snapshot()
    row("KiB in slabs", heapCounts.slabs >> 10)
    row("KiB in large objects", heapCounts.large >> 10)
    row("large objects", heapCounts.largeLive)
    row("KiB at the peak", heapCounts.peak >> 10)
    row("KiB of metadata", metadata >> 10)
    row("KiB dirty", pages.dirty >> 10)
    row("KiB clean", pages.clean >> 10)
    row("KiB purged", counts.purged >> 10)
    row("KiB taken", counts.taken >> 10)
    row("KiB given back", counts.givenBack >> 10)
    row("heaps", heapCounts.heaps)
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
