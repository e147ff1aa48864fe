import Synchronization

extension UnsafeMutablePointer where Pointee == HeapState {
  /// In a build with assertions: stops if an invariant of this heap, or of what heaps share, does not hold.
  ///
  /// Called on slow paths that are taken often, so each time another bin is looked at, and the pools once in a while.
  /// Owner: only the heap's thread calls it.
  @inline(__always) func checkInvariants() {
    #if SLM_ASSERT
      checkSome()
    #endif
  }
}

#if SLM_ASSERT
  extension UnsafeMutablePointer where Pointee == HeapState {
    @inline(never) private func checkSome() {
      // `ticks` is a multiple of 16 here.
      let turn = UInt(pointee.ticks >> 4)
      if let text = bin(turn % SizeClass.count).violation() { Violation(text, at: address).report() }
      if turn & 7 == 0 { pool.checkInvariants() }
    }

    /// The first invariant of the heap that does not hold, as text.
    func violation() -> StaticString? {
      for index in 0..<SizeClass.count {
        if let text = bin(index).violation() { return text }
      }
      return nil
    }
  }

  extension UnsafeMutablePointer where Pointee == HeapBin {
    /// The first invariant of the bin and its slabs that does not hold, as text. Other threads may free slots
    /// meanwhile.
    ///
    /// Over the bin's slabs: slots = used + available + pending + ready, or in quarantine.
    func violation() -> StaticString? {
      if pointee.index >= UInt8(SizeClass.count) || pointee.heap.bin(UInt(pointee.index)) != self {
        return "a bin's index"
      }
      var missing: UInt = 0
      if let slab = pointee.current {
        if let text = slab.violation(of: self, .current, &missing) { return text }
      } else if pointee.pending != 0 {
        return "pending slots of no slab"
      }
      if let text = pointee.partial.violation({ $0.violation(of: self, .partial, &missing) }) { return text }
      if let text = pointee.sparse.violation({ $0.violation(of: self, .sparse, &missing) }) { return text }
      if let text = pendingViolation() { return text }
      return stackViolation(missing - UInt(pointee.pending.nonzeroBitCount))
    }

    private func pendingViolation() -> StaticString? {
      guard pointee.pending != 0, let slab = pointee.current else { return nil }
      let first = UInt(pointee.wordMarks - slab.pointee.marks)
      if first % 64 != 0 || pointee.wordStart != slab.pointee.start + first * pointee.slotSize {
        return "wordStart and wordMarks are of different words"
      }
      if slab.pointee.words[Int(first / 64)] & pointee.pending != 0 { return "a pending slot is available too" }
      return slab.areFree(Int(first / 64), pointee.pending) ? nil : "a pending slot is not free"
    }

    private func stackViolation(_ ready: UInt) -> StaticString? {
      let size = UInt(MemoryLayout<ReadySlot>.stride)
      if Self.ready(at: pointee.bottom).pointee.address != 0 { return "the bottom of a stack" }
      if pointee.top > pointee.limit || pointee.top <= pointee.bottom { return "the top of a stack" }
      let isHardened = pointee.heap.pool.isHardened
      let held = stackCount
      // Slots of slabs that were abandoned may be in quarantine too.
      if isHardened ? held < ready : held != ready { return "used + available + pending + held is not all slots" }
      var address = pointee.bottom + size
      while address != pointee.top {
        let slot = Self.ready(at: address).pointee
        guard let run = pointee.heap.pool.runs.run(around: slot.address) else { return "a ready slot in no slab" }
        let (index, isStart) = run.slot(ofAny: slot.address)
        if !isStart || run.mark(index) != slot.mark { return "a ready slot is none" }
        if slot.mark.pointee != Mark.free { return "a ready slot is not free" }
        if !isHardened, run.currentOwner.alone != pointee.heap.address {
          return "a ready slot of another heap's slab"
        }
        address += size
      }
      return nil
    }
  }

  extension UnsafeMutablePointer where Pointee == PageRun {
    /// The first invariant of a slab in a bin's list that does not hold, as text. Adds slots that are neither used nor
    /// available.
    fileprivate func violation(
      of bin: HeapBinPointer, _ place: PageRun.Place, _ missing: inout UInt
    ) -> StaticString? {
      if pointee.kind != .slab { return "a listed slab is none" }
      if currentOwner.alone != bin.pointee.heap.address || classBin != bin { return "a listed slab is another heap's" }
      if pointee.place != place { return "a slab's place is not its list" }
      if pointee.isOrphan { return "a slab with an owner is an orphan" }
      if let text = geometryViolation(bin) ?? slotViolation(&missing) { return text }
      // After a double free of its last slot it stays until that is collected.
      if place != .current, isUnused, currentOwner.remoteFrees == 0 { return "an unused slab is listed" }
      switch place {
      case .partial:
        if pointee.available < threshold { return "a partial slab has too few slots" }
        let left = UInt32(pointee.slotCount) - pointee.available
        return pointee.countdown > 0 && pointee.countdown <= left ? nil : "a partial slab's countdown"
      case .sparse:
        if pointee.available >= threshold { return "a sparse slab has too many slots" }
        return pointee.countdown == threshold - pointee.available ? nil : "a sparse slab's countdown"
      case .current, .unlisted: return nil
      }
    }

    private func geometryViolation(_ bin: HeapBinPointer) -> StaticString? {
      let guards: UInt = bin.pointee.heap.pool.isHardened ? 1 : 0
      if (guards == 1 ? slotDistance : UInt(pointee.slotSize)) != bin.pointee.slotSize
        || pointee.binIndex != bin.pointee.index
        || !bin.mayHaveSlab(of: UInt(pointee.pages) - guards, slots: UInt(pointee.slotCount))
      {
        return "a slab is carved for another class"
      }
      let lines = HeapBin.markLines(UInt(pointee.slotCount)) * Metadata.line
      if UInt(bitPattern: pointee.words) - UInt(bitPattern: pointee.marks) != lines {
        return "a slab's words don't follow its marks"
      }
      return pointee.reciprocal == (guards == 1 ? 0 : bin.pointee.reciprocal) ? nil : "a slab's reciprocal"
    }

    /// Words and marks say the same. Adds slots that are out and free.
    private func slotViolation(_ missing: inout UInt) -> StaticString? {
      let count = UInt(pointee.slotCount)
      var available: UInt32 = 0
      for word in 0..<Int((count + 63) / 64) {
        let bits = pointee.words[word]
        if bits & ~lowBits(count - UInt(word) * 64) != 0 { return "a bit past the last slot" }
        available += UInt32(bits.nonzeroBitCount)
        if !areFree(word, bits) { return "an available slot is not free" }
      }
      if available != pointee.available { return "a slab's number of available slots" }
      // Other threads change used into clearing and remote meanwhile, and all of these count as used. The loads and
      // the loop are plain: the tests come here after each of many steps, without optimisation.
      var used: UInt = 0
      var index = 0
      let (marks, slots) = (pointee.marks, Int(count))
      while index < slots {
        switch marks[index] {
        case Mark.used, Mark.sampled, Mark.clearing, Mark.remote, Mark.retired: used &+= 1
        case Mark.free, Mark.fresh: break
        default: return "an unknown mark"
        }
        index &+= 1
      }
      if used > slotsOut { return "a used slot is available" }
      missing += slotsOut - used
      return nil
    }

    fileprivate func areFree(_ word: Int, _ bits: UInt64) -> Bool {
      var left = bits
      while left != 0 {
        let mark = pointee.marks[word * 64 + left.trailingZeroBitCount]
        if mark != Mark.free, mark != Mark.fresh { return false }
        left &= left &- 1
      }
      return true
    }
  }
#endif
