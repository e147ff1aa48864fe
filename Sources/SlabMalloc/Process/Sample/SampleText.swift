import CSlabPort

/// A profile as text, in the form that gperftools writes and google-pprof, jeprof and pprof read:
///
///     heap profile:   12:  12288 [  40:  40960] @ heap_v2/524288
///        3:   3072 [    3:   3072] @ 0x55d0a1b2c3d4 0x7f0012345678 ...
///     | live samples | allocated  | return addresses, the innermost first
///
///     MAPPED_LIBRARIES:
///     what /proc/self/maps has
///
/// The numbers are of samples. Readers scale each line by its own average size, as the heading tells them to
/// (heap_v2/rate). A line has one size, and its scale is therefore exact.
extension UnsafeMutablePointer where Pointee == Sampler {
  func writeText(_ writer: inout SampleWriter, ofPeak: Bool) {
    let profile = snapshot()
    var (live, liveBytes, all, allBytes): (UInt, UInt, UInt, UInt) = (0, 0, 0, 0)
    forEachRecord(profile) { record in
      let count = ofPeak ? record.liveAtPeak : record.live
      live += count
      liveBytes += count * record.bytes
      all += record.allocated
      allBytes += record.allocated * record.bytes
    }
    writer.add("heap profile: ")
    writer.addCounts(live, liveBytes, all, allBytes)
    writer.add("heap_v2/")
    writer.add(max(profile.rate, 1))
    writer.add("\n")
    forEachRecord(profile) { record in
      let count = ofPeak ? record.liveAtPeak : record.live
      writer.add(" ")
      writer.addCounts(count, count * record.bytes, record.allocated, record.allocated * record.bytes)
      writer.addStack(record, profile.memory)
      writer.add("\n")
    }
    writer.add("\nMAPPED_LIBRARIES:\n")
    if let maps = ProcessMaps() {
      writer.add(maps.text, maps.count)
      maps.dispose()
    }
  }
}

extension SampleWriter {
  fileprivate mutating func addCounts(_ live: UInt, _ liveBytes: UInt, _ all: UInt, _ allBytes: UInt) {
    add(live)
    add(": ")
    add(liveBytes)
    add(" [")
    add(all)
    add(": ")
    add(allBytes)
    add("] @ ")
  }

  fileprivate mutating func addStack(_ record: SampleRecord, _ memory: SampleMemory?) {
    guard let memory else { return }
    for frame in 0..<Int(record.frames) {
      if frame != 0 { add(" ") }
      add(hex: memory.places[Int(memory.frames[Int(record.firstFrame) + frame])])
    }
  }
}
