@testable import SlabMalloc

/// A page of a test's own. Whoever uses its address must keep it alive: see `withSlab`.
final class TestPage {
  let page: PageSize
  let address: UInt
  private let memory: UnsafeMutableRawPointer

  init(_ page: PageSize) {
    self.page = page
    memory = .allocate(byteCount: page.bytes, alignment: page.bytes)
    address = UInt(bitPattern: memory)
    // What an earlier owner left there must not matter, but for the seal, which says that the page is owned.
    slab.pointee.seal = 0
  }

  deinit { memory.deallocate() }

  var slab: SlabPointer { SlabPointer.ending(with: address | page.mask) }

  /// Carves it into slots.
  func carved(slotSize: UInt, binIndex: UInt8 = 0) -> Self {
    slab.carve(start: address, slotSize: slotSize, binIndex: binIndex, owner: 0)
    return self
  }

  /// Runs the body with a slab in a page that lives as long as the body runs.
  static func withSlab(_ page: PageSize, slotSize: UInt, _ body: (SlabPointer) -> Void) {
    let test = TestPage(page).carved(slotSize: slotSize)
    withExtendedLifetime(test) { body(test.slab) }
  }
}

extension UnsafeMutablePointer where Pointee == Slab {
  var slots: UInt { UInt(pointee.slotCount) }
  var start: UInt { pointee.start }
  /// The address of the last byte.
  var end: UInt { start + bytes - 1 }

  /// Takes a slot. False if it is not free.
  func claim(slot index: UInt) -> Bool {
    let slots = word(SlotWord.word(ofSlot: index))
    let bit: UInt = 1 << SlotWord.bit(ofSlot: index)
    guard slots.pointee.free & bit != 0 else { return false }
    slots.pointee.free ^= bit
    return true
  }
}

extension SlabGeometry {
  /// The carving of one page.
  init(slotSize: UInt, page: PageSize) { self.init(slotSize: slotSize, bytes: page.size) }
}
