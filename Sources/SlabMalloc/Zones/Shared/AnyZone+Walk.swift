import CSlabmalloc

/// Visits to live objects. The visitor runs without a lock, and may do anything to the zone, even end it:
///
///     next page -> copy a word's live bits -> look again at the bit -> visit -> look again at the next bit ...
///       locked              locked                   locked         unlocked
extension AnyZone {
  /// Visits each live object. `visit` returns whether to go on.
  func forEachObject(_ visit: (_ object: UInt, _ size: UInt, _ binIndex: UInt) -> Bool) -> Status {
    guard first.isInitialized else { return .notInitialized }
    var index: UInt = 0
    while index < zoneCount {
      var walk = Walk()
      while let page = at(index, { walk.next(in: $0) }) {
        for word in 0..<page.wordCount {
          guard visitWord(word, of: page, at: index, visit) else { return first.isInitialized ? .ok : .notInitialized }
        }
      }
      guard first.isInitialized else { return .notInitialized }
      index += 1
    }
    return forEachLargeObject(visit)
  }

  /// Visits the large objects, by address. Each step looks for the next run anew.
  private func forEachLargeObject(_ visit: (UInt, UInt, UInt) -> Bool) -> Status {
    var place: UInt = 0
    while first.isInitialized {
      guard let object = at(zoneCount &- 1, { $0.liveRun(from: place) }) else { return .ok }
      guard visit(object.address, object.size, SizeClass.count) else {
        return first.isInitialized ? .ok : .notInitialized
      }
      place = object.address &+ 1
    }
    return .notInitialized
  }

  /// Visits the live objects of a slot word. Returns whether to go on.
  @inline(never) private func visitWord(
    _ word: UInt, of page: WalkedPage, at index: UInt, _ visit: (UInt, UInt, UInt) -> Bool
  ) -> Bool {
    var live = at(index) { $0.liveSlots(page, word: word) }
    while live != 0 {
      let bit = UInt(truncatingIfNeeded: live.trailingZeroBitCount)
      guard visit(page.slot(word &* SlotWord.slotCount &+ bit), page.usableSize, page.binIndex) else { return false }
      live &= live &- 1
      // The visitor, or another thread, may have freed the next ones.
      if live != 0 { live &= at(index) { $0.liveSlots(page, word: word) } }
      if !first.isInitialized { return false }
    }
    return true
  }

  /// The number of zones that it consists of.
  private var zoneCount: UInt { shared?.zoneCount ?? 1 }

  /// Runs the body with one of the zones, while holding its lock.
  @inline(never) private func at<Result>(_ index: UInt, _ body: (ZonePointer) -> Result) -> Result {
    guard let shared else { return body(plain) }
    return shared.zone(index).locked(body)
  }
}
