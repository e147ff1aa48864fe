import CSlabPort

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

  /// What the process holds, as a report, and its rows, which were empty. The name is not set.
  /// Requires: the lock of the run pool.
  func report(_ rows: inout RunRows) -> Report {
    runs.assertLocked()
    heaps.fill(&rows)
    return report(of: rows, id: UInt(slm_port_process_id()))
  }

  /// A report of rows that are filled. A tool calls it with a copy of the state of another process.
  func report(of rows: RunRows, id: UInt) -> Report {
    let (ledger, counts) = (runs.pointee.counts, heaps.pointee.counts)
    var report = Report(
      kind: .process, profile: runs.pointee.options.profile, total: rows.total, peak: counts.peak)
    report.largeLive = rows.largeLive
    // The copy of a process that runs on may be of no one moment.
    report.total.heldBytes = ledger.taken &- ledger.givenBack
    report.process = Report.ProcessFigures(
      id: id, taken: ledger.taken, givenBack: ledger.givenBack, purged: ledger.purged, heaps: counts.heaps)
    return report
  }
}
