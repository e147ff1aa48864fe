/// What the process holds, at one moment.
struct ProcessSnapshot {
  let runs: RunPool.Counts
  let heaps: HeapPool.Counts
  let pages: (held: UInt, dirty: UInt, clean: UInt)
  let metadata: UInt
}

/// The same, and its live objects and slabs at that moment.
struct ProcessCensus {
  let snapshot: ProcessSnapshot
  let objects: Census
  let slabs: ClassArray<UInt32>
}

extension UnsafeMutablePointer where Pointee == ProcessState {
  func snapshot() -> ProcessSnapshot { heaps.locked { snapshotLocked() } }

  /// Cost: a step for each run, and in a hardened process one for each slot.
  func census() -> ProcessCensus {
    heaps.locked {
      ProcessCensus(snapshot: snapshotLocked(), objects: heaps.census(), slabs: heaps.pointee.slabCounts)
    }
  }

  private func snapshotLocked() -> ProcessSnapshot {
    ProcessSnapshot(
      runs: runs.pointee.counts, heaps: heaps.pointee.counts, pages: runs.pages, metadata: runs.metadataBytes)
  }

  /// A table of the size classes and the ledger, on stderr.
  func printStatistics() {
    var line = TextLine()
    line.add("slabmalloc: size class      slabs       used slots")
    line.write()
    let census = census()
    let now = census.snapshot
    for index in 0..<Int(SizeClass.count) where census.slabs[index] != 0 {
      line.add("slabmalloc: ")
      line.add(SizeClass.slotSize(UInt(index)), width: 10)
      line.add(UInt(census.slabs[index]), width: 11)
      line.add(census.objects.slots[index], width: 17)
      line.write()
    }
    row("live objects", census.objects.objects)
    row("bytes in live objects", census.objects.bytes)
    row("KiB in slabs", now.heaps.slabs >> 10)
    row("KiB in large objects", now.heaps.large >> 10)
    row("large objects", now.heaps.largeLive)
    row("KiB at the peak", now.heaps.peak >> 10)
    row("KiB of metadata", now.metadata >> 10)
    row("KiB dirty", now.pages.dirty >> 10)
    row("KiB clean", now.pages.clean >> 10)
    row("KiB purged", now.runs.purged >> 10)
    row("KiB taken", now.runs.taken >> 10)
    row("KiB given back", now.runs.givenBack >> 10)
    row("heaps", now.heaps.heaps)
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
