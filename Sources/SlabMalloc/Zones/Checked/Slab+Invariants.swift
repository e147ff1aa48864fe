#if SLM_ASSERT
  extension UnsafeMutablePointer where Pointee == Slab {
    /// The first broken invariant of a slab of this bin; nil if all hold.
    func violation(in bin: BinPointer) -> Violation? {
      let geometry = bin.geometry(bytes: bytes, lodgers: UInt(pointee.lodgers))
      if slotSize != bin.pointee.slotSize { return broken("a slab is carved for another bin") }
      // Tables that a slab lodged leave no slots behind.
      if UInt(pointee.slotCount) > geometry.slotCount || UInt(pointee.wordCount) != geometry.wordCount {
        return broken("a slab's geometry is wrong")
      }
      if pointee.seal != ownedSeal { return broken("a slab has no seal") }
      if bin.isHardened, pointee.state == .current { return broken("a slab of a hardened zone is current") }
      if (pointee.state == .current) != (bin.pointee.current == self) {
        return broken("a slab is current, but not the bin's")
      }
      var free: UInt = 0
      for index in 0..<geometry.wordCount {
        if let violation = violation(word: index, in: bin) { return violation }
        free += UInt(word(index).pointee.free.nonzeroBitCount)
      }
      if used != UInt(pointee.slotCount) - free { return broken("a slab's countdown does not go with its free slots") }
      if pointee.state == .current || pointee.state == state(free: free) { return nil }
      return broken("a slab's state does not go with its free slots")
    }

    private func violation(word index: UInt, in bin: BinPointer) -> Violation? {
      let word = self.word(index).pointee
      if word.free & word.ready != 0 { return broken("a slot is both free and ready") }
      let last = SlotWord.lowBits(UInt(pointee.slotCount), from: index * SlotWord.slotCount)
      if word.freeSlots & ~last != 0 { return broken("a free slot is past the last") }
      if !bin.isHardened, word.ready != 0, !isReady(word: index, in: bin) {
        return broken("slots are ready, but not the bin's")
      }
      if isReady(word: index, in: bin), bin.pointee.wordStart != slot(index * SlotWord.slotCount) {
        return broken("a bin's wordStart is wrong")
      }
      return nil
    }

    private func broken(_ text: StaticString) -> Violation { Violation(text, at: address) }

    /// The state for this many free slots, unless the slab is current.
    private func state(free: UInt) -> Slab.State {
      if free == 0 { return .full }
      if free == UInt(pointee.slotCount) { return .empty }
      return free < sparseLimit ? .sparse : .partial
    }

    private func isReady(word: UInt, in bin: BinPointer) -> Bool {
      bits(bin.pointee.ready) == bits(self.word(word)) + UInt(MemoryLayout<UInt>.size)
    }
  }
#endif
