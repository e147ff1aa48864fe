@testable import SlabMalloc

/// Calls that must be refused. That they change nothing shows in all that follows.
extension ZoneModel {
  func misuse() throws {
    guard let position = pick else { return }
    let address = addresses[position]
    let object = objects[address]!
    switch random.below(zone.isHardened ? 8 : 6) {
    case 6:
      // Written behind its end, and mended.
      let distance = UInt(random.below(Int(zone.canarySize)))
      let end: UInt = address + object.usable
      let behind = UnsafeMutablePointer<UInt8>(bitPattern: end + distance)!
      let bit = UInt8(1) << random.below(8)
      behind.pointee ^= bit
      try expect(zone.deallocate(address), Status.overflow, "overflow of \(object)")
      behind.pointee ^= bit
    case 7:
      // Written while it is free: it is retired when its turn comes, and not before.
      guard random.below(10) == 0 else { return }
      _ = try remove(at: position)
      try expect(zone.deallocate(address), .ok, "deallocation of \(object)")
      // Its slab may be one empty slab too many, and its pages the provider's.
      guard zone.owns(address) else { return }
      let place = UInt(random.below(Int(object.usable / 8)))
      word(address + place * 8).pointee = 1
      written += 1
    case 0:
      let inside = address + 1 + UInt(random.below(Int(object.usable) - 1))
      try expect(zone.deallocate(inside), Status.interiorPointer, "interior pointer of \(object)")
      if zone.usableSize(inside) != 0 { throw fail("an interior pointer has a usable size") }
    case 1:
      // Not of the zone: its own storage, the ends of the address space, and what no program has.
      let foreign = [UInt(bitPattern: zone), UInt.max, UInt.max - 4095, 1, 2, 8, 4096, 1 << 47][random.below(8)]
      try expect(zone.deallocate(foreign), Status.foreignPointer, "foreign pointer")
      try expect(
        zone.deallocate(foreign, size: object.size), Status.foreignPointer, "foreign pointer, sized")
      if zone.owns(foreign) || zone.usableSize(foreign) != 0 { throw fail("owns a foreign pointer") }
    case 2:
      let size = randomSize()
      let other = zone.classIndex(size: size, alignment: object.alignment)
      // Objects that stayed when they shrank may be named by a smaller size, as many as there are.
      guard other != object.index, isServable(size: size, alignment: object.alignment), zone.pointee.stayed == 0 else {
        return
      }
      let status = zone.deallocate(address, size: size, alignment: object.alignment)
      try expect(status, Status.layoutMismatch, "\(object) with size \(size)")
    case 3:
      let status = zone.deallocate(address, size: object.size, alignment: 3)
      try expect(status, Status.invalidLayout, "alignment 3")
      try expect(zone.deallocate(address, size: UInt.max), Status.invalidLayout, "too large")
    case 4:
      // A page that the zone has is no page to take in, and neither is a misaligned one.
      guard let index = object.index else { return }
      let bytes =
        SizeClass.slotSize(index) <= SlabGeometry.largestOnBasePage(test.page) ? test.page.bytes : 2 << 20
      let page = address & ~UInt(bytes - 1)
      func refill(_ page: UInt, _ bytes: Int) -> Status {
        zone.refill(size: object.size, alignment: object.alignment, page: page, pageSize: UInt(bytes))
      }
      try expect(refill(page, bytes), Status.pageOwned, "owned page")
      try expect(refill(page + 8, bytes), Status.badPage, "misaligned page")
      try expect(refill(0, bytes), Status.badPage, "NULL page")
      try expect(refill(page, bytes * 2), Status.wrongPageSize, "wrong page size")
    default:
      try expect(zone.deallocate(0), .ok, "NULL")
      for (size, alignment) in [(8, 3), (8, 0), (UInt.max, 8), (UInt.max, 1 << 21)] as [(UInt, UInt)] {
        let (address, status) = test.allocate(size, alignment: alignment)
        if address != nil { throw fail("served size \(size) alignment \(alignment)") }
        try expect(status, Status.invalidLayout, "size \(size) alignment \(alignment)")
      }
    }
  }
}
