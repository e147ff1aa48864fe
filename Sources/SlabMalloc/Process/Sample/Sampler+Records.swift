import CSlabPort

/// Samples that begin and end.
///
/// The peak costs a step for each sample. Each new peak has a number. A record that changes after a peak keeps what was
/// live then, once; one that has not changed since still has it:
///
///     live at the peak    record.peak == peaks ? record.liveAtPeak : record.live
///
/// The bits of an object's address are inverted in the table: who looks for what points to an object does not find it.
extension UnsafeMutablePointer where Pointee == Sampler {
  /// Notes an object that the calling thread has just allocated. False if there is no room, or nothing is sampled.
  func note(_ address: UInt, _ bytes: UInt) -> Bool {
    guard isOn else { return false }
    var stack = SampleStack(repeating: 0)
    let frames = withUnsafeMutablePointer(to: &stack) {
      UInt(slm_port_call_stack(UnsafeMutableRawPointer($0), Int32(SampleMemory.mostOfStack)))
    }
    pointee.lock.acquire()
    let isNoted = begin(address, bytes, stack, frames)
    if !isNoted { pointee.lost += 1 }
    pointee.lock.release()
    return isNoted
  }

  private func begin(_ address: UInt, _ bytes: UInt, _ stack: SampleStack, _ frames: UInt) -> Bool {
    guard isOn, let memory = pointee.memory, let index = record(bytes, stack, frames) else { return false }
    // Only a program that frees an object twice leaves one behind.
    end(address)
    guard pointee.objects.insert(~address, index) else { return false }
    let record = memory.records + Int(index)
    keepPeak(record)
    record.pointee.allocated += 1
    record.pointee.live += 1
    pointee.live += record.pointee.weight
    if pointee.live > pointee.peak {
      pointee.peak = pointee.live
      pointee.peaks += 1
    }
    return true
  }

  func forget(_ address: UInt) {
    pointee.lock.acquire()
    end(address)
    pointee.lock.release()
  }

  /// Does nothing if the object is not in the profile, as one that is older.
  private func end(_ address: UInt) {
    guard let index = pointee.objects.remove(~address), let memory = pointee.memory else { return }
    let record = memory.records + Int(index)
    keepPeak(record)
    record.pointee.live -= 1
    pointee.live -= record.pointee.weight
  }

  private func keepPeak(_ record: UnsafeMutablePointer<SampleRecord>) {
    guard record.pointee.peak != pointee.peaks else { return }
    record.pointee.peak = pointee.peaks
    record.pointee.liveAtPeak = record.pointee.live
  }

  /// The index of the record of a size and a stack. nil if there is no room for one.
  private func record(_ bytes: UInt, _ stack: SampleStack, _ frames: UInt) -> UInt? {
    let key = Self.key(bytes, stack, frames)
    if let known = pointee.stacks.find(key) { return known }
    guard var memory = pointee.memory, memory.recordCount < SampleMemory.mostRecords,
      memory.frameCount + frames <= SampleMemory.mostFrames
    else { return nil }
    for index in 0..<frames {
      guard let place = place(stack[Int(index)], &memory) else { return nil }
      memory.frames[Int(memory.frameCount + index)] = place
    }
    // The places stay, whether or not the record does.
    pointee.memory = memory
    let index = memory.recordCount
    guard pointee.stacks.insert(key, index) else { return nil }
    let weight = Double(bytes) * SampleMath.scale(bytes, rate: pointee.rate)
    memory.records[Int(index)] = SampleRecord(
      bytes: bytes, weight: UInt(min(weight, Double(UInt.max >> 8))), firstFrame: UInt32(memory.frameCount),
      frames: UInt32(frames), allocated: 0, live: 0, liveAtPeak: 0, peak: pointee.peaks)
    pointee.memory?.recordCount += 1
    pointee.memory?.frameCount += frames
    return index
  }

  private func place(_ address: UInt, _ memory: inout SampleMemory) -> UInt32? {
    if let known = pointee.places.find(address) { return UInt32(known) }
    guard memory.placeCount < SampleMemory.mostPlaces, pointee.places.insert(address, memory.placeCount) else {
      return nil
    }
    memory.places[Int(memory.placeCount)] = address
    memory.placeCount += 1
    return UInt32(memory.placeCount - 1)
  }

  /// Two stacks with one key would be one: of 2^16 records that happens once in 2^32 programs.
  private static func key(_ bytes: UInt, _ stack: SampleStack, _ frames: UInt) -> UInt {
    var mix = SplitMix(state: UInt64(bytes))
    var key = mix.next()
    for index in 0..<Int(frames) {
      mix = SplitMix(state: key ^ UInt64(stack[index]))
      key = mix.next()
    }
    return UInt(key) | 1
  }
}
