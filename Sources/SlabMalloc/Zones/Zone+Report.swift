/// The rows of a report about a zone or cache. Each is counted by a walk of its own, so that a kernel's stack has one
/// row at a time.
///
///     | slot | slot | ... | rest | guard | tables | slot words | descriptor |
///      live or free         free   \________________ metadata _____________/
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// The slabs of a size class; of all classes if it is nil.
  func slabRow(ofClass index: UInt?) -> ReportRow {
    var row = ReportRow(.sizeClass)
    if let index { row.slotSize = bin(index).pointee.slotSize }
    forEachIntactSlab { slab in
      guard index == nil || UInt(slab.pointee.binIndex) == index else { return }
      row.addSlab(
        slots: UInt(slab.pointee.slotCount), live: liveSlots(slab), slotSize: slab.slotSize, bytes: slab.bytes,
        metadataInside: slab.metadataBytes + canarySize)
    }
    return row
  }

  /// Objects with a run of their own. One zone of several CPUs' zones has them.
  var largeRow: ReportRow {
    var row = ReportRow(.large)
    guard pointee.hasRuns else { return row }
    forEachLiveRun { row.addLarge(objectBytes: $0.pointee.bytes, bytes: $0.pointee.bytes) }
    return row
  }

  /// Runs that were pushed and have no object.
  var freeRunRow: ReportRow {
    var row = ReportRow(.freeRuns)
    guard pointee.hasRuns, let directory = pointee.directory else { return row }
    directory.locked {
      var run = directory.pointee.runs.free.first
      while let found = run {
        row.addUnused(found.pointee.bytes, isClean: false)
        run = found.pointee.next
      }
    }
    return row
  }

  /// The pages of the directory and of descriptors of runs.
  var tableRow: ReportRow {
    var row = ReportRow(.metadata)
    row.addMetadata(UInt(truncatingIfNeeded: tablePages) * page.size)
    return row
  }

  /// Pages that caches have: bytes that are handed out, but no objects.
  var lentRow: ReportRow {
    var row = ReportRow(.lent)
    guard let policy = pointee.policy else { return row }
    let lent = policy.locked { policy.pointee.lent }
    row.liveBytes =
      UInt(truncatingIfNeeded: lent.baseTaken &- lent.baseGivenBack) * page.size
      + UInt(truncatingIfNeeded: lent.largeTaken &- lent.largeGivenBack) * PageSize.large.size
    row.heldBytes = row.liveBytes
    return row
  }

  var profile: Profile { pointee.hardening != nil ? .hardened : pointee.ignoresLayouts ? .fast : .checked }
}

extension UnsafeMutablePointer where Pointee == Slab {
  /// Bytes of the descriptor, the slot words and the tables that the slab lodges.
  fileprivate var metadataBytes: UInt {
    SlabGeometry.descriptorSize + UInt(pointee.wordCount) * SlabGeometry.wordSize
      + UInt(pointee.lodgers) * PageDirectory.tableBytes
  }
}
