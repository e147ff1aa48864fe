import CSlabPort

/// What a profile was when its dump began: its records and places only become more.
struct SampleSnapshot {
  let memory: SampleMemory?
  let rate: UInt
}

/// A profile that is read while the process runs on. The writer of a dump is called without the lock. Each record is of
/// one moment, and another record may be of a later one.
extension UnsafeMutablePointer where Pointee == Sampler {
  func snapshot() -> SampleSnapshot {
    pointee.lock.acquire()
    let snapshot = SampleSnapshot(memory: pointee.memory, rate: pointee.rate)
    pointee.lock.release()
    return snapshot
  }

  /// Calls the body with a copy of each record, in which `liveAtPeak` is valid.
  func forEachRecord(_ snapshot: SampleSnapshot, _ body: (SampleRecord) -> Void) {
    guard let memory = snapshot.memory else { return }
    for index in 0..<memory.recordCount {
      pointee.lock.acquire()
      var record = memory.records[Int(index)]
      if record.peak != pointee.peaks { record.liveAtPeak = record.live }
      pointee.lock.release()
      body(record)
    }
  }

  /// Writes the profile in a form. False if there is none.
  func dump(_ form: SampleForm, _ writer: inout SampleWriter) -> Bool {
    guard pointee.rate != 0 else { return false }
    switch form {
    case .text: writeText(&writer, ofPeak: false)
    case .peakText: writeText(&writer, ofPeak: true)
    case .pprof: writePprof(&writer)
    }
    writer.flush()
    return true
  }
}
