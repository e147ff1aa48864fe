import CSlabPort

/// A profile in the form of pprof: the message Profile of its profile.proto, not compressed.
///
///     sample_type  allocated, live and live at the peak, each as objects and as bytes: estimates, scaled already
///     sample       places, the innermost first, and the six numbers
///     mapping      of each file that can be executed, from /proc/self/maps
///     location     a place: the call before a return address
///
/// Strings are numbered in the order in which they are written; the first is empty.
extension UnsafeMutablePointer where Pointee == Sampler {
  func writePprof(_ writer: inout SampleWriter) {
    let profile = snapshot()
    writeTypes(&writer, profile.rate)
    forEachRecord(profile) { record in
      guard let memory = profile.memory else { return }
      var message = ProtoMessage()
      message.pack(1, Int(record.frames)) { UInt(memory.frames[Int(record.firstFrame) + $0]) + 1 }
      let samples = (record.allocated, record.live, record.liveAtPeak)
      message.pack(2, 6) { index in
        let count = index < 2 ? samples.0 : index < 4 ? samples.1 : samples.2
        let objects = SampleMath.objects(count, record.bytes, rate: profile.rate)
        return index & 1 == 0 ? objects : objects &* record.bytes
      }
      writer.add(2, message)
    }
    guard let maps = ProcessMaps() else { return }
    writeMappings(&writer, maps)
    if let memory = profile.memory { writePlaces(&writer, memory, maps) }
    maps.dispose()
  }

  /// The first string of mappings.
  private var fixedStrings: UInt { 10 }

  private func writeTypes(_ writer: inout SampleWriter, _ rate: UInt) {
    writer.add(6, "")
    writer.add(6, "alloc_objects")
    writer.add(6, "count")
    writer.add(6, "alloc_space")
    writer.add(6, "bytes")
    writer.add(6, "inuse_objects")
    writer.add(6, "inuse_space")
    writer.add(6, "peak_objects")
    writer.add(6, "peak_space")
    writer.add(6, "space")
    let (count, bytes): (UInt, UInt) = (2, 4)
    writer.add(1, ProtoMessage(type: 1, unit: count))
    writer.add(1, ProtoMessage(type: 3, unit: bytes))
    writer.add(1, ProtoMessage(type: 5, unit: count))
    writer.add(1, ProtoMessage(type: 6, unit: bytes))
    writer.add(1, ProtoMessage(type: 7, unit: count))
    writer.add(1, ProtoMessage(type: 8, unit: bytes))
    writer.add(11, ProtoMessage(type: 9, unit: 4))
    writer.add(field: 12, rate)
    // What a reader shows first: inuse_space.
    writer.add(field: 14, 6)
  }

  private func writeMappings(_ writer: inout SampleWriter, _ maps: ProcessMaps) {
    for index in 0..<maps.mappingCount {
      let mapping = maps[index]
      writer.add(6, maps.text + mapping.path, mapping.pathLength)
      var message = ProtoMessage()
      message.add(1, UInt(index) + 1)
      message.add(2, mapping.start)
      message.add(3, mapping.limit)
      message.add(4, mapping.offset)
      message.add(5, fixedStrings + UInt(index))
      writer.add(3, message)
    }
  }

  private func writePlaces(_ writer: inout SampleWriter, _ memory: SampleMemory, _ maps: ProcessMaps) {
    for index in 0..<memory.placeCount {
      // The call is before the place that it returns to, which may be the next function's.
      let address = memory.places[Int(index)] - 1
      var message = ProtoMessage()
      message.add(1, index + 1)
      if let mapping = maps.index(of: address) { message.add(2, UInt(mapping) + 1) }
      message.add(3, address)
      writer.add(4, message)
    }
  }
}
