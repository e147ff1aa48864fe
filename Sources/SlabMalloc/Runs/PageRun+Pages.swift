import Synchronization

// The descriptors of a run's pages: who leads to whom.
//
// Every page of a used run leads to the first one. Of a free run only the last page does: its neighbour finds it from
// there. The pages between lead to themselves, so that a free run of any size is made with few steps.
extension UnsafeMutablePointer where Pointee == PageRun {
  /// Makes this the descriptor of a run of that kind, and those that follow lead to it.
  func set(_ kind: PageRun.Kind, start: UInt, pages: UInt) {
    setFirst(start: start, pages: pages)
    pointee.kind = kind
    setInner(from: 1, to: UInt32(pages))
  }

  /// Makes descriptors of the run lead to it.
  func setInner(from: UInt32, to: UInt32) {
    var page = from
    while page < to {
      let inner = self + Int(page)
      inner.erase()
      inner.pointee.lead = self
      page += 1
    }
  }

  /// Makes this the descriptor of a busy run. The other pages keep their descriptors.
  func setFirst(start: UInt, pages: UInt) {
    erase()
    pointee.lead = self
    pointee.bin.store(PageRun.noBin, ordering: .relaxed)
    pointee.start = start
    pointee.kind = .busy
    pointee.pages = UInt32(pages)
  }

  /// The descriptor of the run's last page.
  var last: RunPointer { self + Int(pointee.pages) - 1 }

  /// Makes each page of a used run lead to itself. A pointer into the run that was is still recognised as a double
  /// free: each page keeps what shows that it was used.
  func disband() {
    var page: UInt32 = 1
    while page < pointee.pages {
      let inner = self + Int(page)
      inner.pointee.lead = inner
      inner.pointee.bin.store(PageRun.noBin, ordering: .relaxed)
      inner.pointee.kind = .free
      inner.pointee.slotSize = pointee.slotSize
      inner.pointee.content = pointee.content
      page += 1
    }
  }

  /// Makes pages that were never used lead to themselves.
  func setUnused(pages: UInt) {
    for page in 0..<Int(pages) {
      (self + page).pointee.lead = self + page
      (self + page).pointee.bin.store(PageRun.noBin, ordering: .relaxed)
    }
  }

  /// Makes the descriptor that of a page that was never used. Not even for a moment is it a slab without an owner.
  private func erase() {
    pointee.owner.store(PageRun.noSlab, ordering: .relaxed)
    let words = raw.assumingMemoryBound(to: UInt.self)
    for index in 1..<PageRun.stride / MemoryLayout<UInt>.stride { words[index] = 0 }
  }
}
