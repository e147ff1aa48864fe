import Synchronization

/// Lookups beyond the fast path: with all levels, large pages, and changes by other CPUs.
extension UnsafeMutablePointer where Pointee == PageDirectory {
  /// The slab around an address; nil if the zone has none there. In a directory that CPUs share, the caller holds the
  /// lock of one of their zones.
  @inline(never) func slab(around address: UInt) -> SlabPointer? {
    guard !Build.isSmall, pointee.isShared else { return find(address) }
    // A detector of races takes a look without the lock for one.
    #if !SLM_LOCKED_LOOKUPS
      let before = pointee.version.load(ordering: .acquiring)
      if before & 1 == 0 {
        let slab = find(address)
        atomicMemoryFence(ordering: .acquiring)
        if pointee.version.load(ordering: .relaxed) == before { return slab }
      }
    #endif
    pointee.lock.acquire()
    defer { pointee.lock.release() }
    return find(address)
  }

  /// The slab around an address, in a directory that nobody changes.
  @inline(__always) func find(_ address: UInt) -> SlabPointer? {
    if Build.isSmall { return findInChain(address) }
    if let slab = view.probe(address) { return slab }
    guard pointee.view.root != 0, distance(of: firstKey(address)) == largeDistance else { return nil }
    return SlabPointer.ending(with: address | PageSize.large.mask)
  }

  @inline(__always) func key(of address: UInt) -> UInt { address | pointee.view.pageMask }

  /// The key of the first base page of the large page around an address.
  @inline(__always) private func firstKey(_ address: UInt) -> UInt { key(of: address & ~PageSize.large.mask) }

  /// The distance in the entry of a large page.
  @inline(__always) var largeDistance: UInt { PageSize.large.mask &>> pointee.view.pageShift }

  /// The distance in the entry of a page that is no slab's.
  @inline(__always) var noSlab: UInt { pointee.view.pageMask }

  /// Whether the zone holds the page around an address, for any purpose, as far as entries tell.
  #if !SLM_HOSTED
    @inline(never)
  #endif
  func holds(_ address: UInt) -> Bool {
    if distance(of: key(of: address)) != nil { return true }
    return !Build.isSmall && distance(of: firstKey(address)) == largeDistance
  }

  /// Whether the zone holds a page of a run. The caller holds the lock of a shared directory.
  func holdsAny(_ address: UInt, _ bytes: UInt) -> Bool {
    if Build.isSmall { return findInChain(address) != nil }
    if pointee.runs.overlaps(address, bytes) || overlapsLargeComingIn(address, bytes) { return true }
    // With few entries it is cheaper to look at all of them than at each page.
    if UInt(pointee.count) < bytes &>> pointee.view.pageShift { return holdsEntry(from: address, bytes) }
    var offset: UInt = 0
    while offset < bytes {
      if holds(address &+ offset) { return true }
      offset &+= page.size
    }
    return false
  }

  private func overlapsLargeComingIn(_ address: UInt, _ bytes: UInt) -> Bool {
    var record = pointee.largeComingIn
    while let found = record {
      let start = found.pointee.address
      if address &- start < PageSize.large.size || start &- address < bytes { return true }
      record = found.pointee.next
    }
    return false
  }

  /// Notes that a large page comes in, or that its entry now leads to its slab.
  func begin(_ record: UnsafeMutablePointer<LargeComingIn>) {
    record.pointee.next = pointee.largeComingIn
    pointee.largeComingIn = record
  }

  func end(_ record: UnsafeMutablePointer<LargeComingIn>) {
    withUnsafeMutablePointer(to: &pointee.largeComingIn) { first in
      var link = first
      while let found = link.pointee, found != record { link = fieldPointer(&found.pointee.next) }
      link.pointee = record.pointee.next
    }
  }

  private func holdsEntry(from address: UInt, _ bytes: UInt) -> Bool {
    var isAny = false
    forEachLeaf { leaf in
      for place in 0..<Int(DirectoryView.tableCount) - 1 where leaf[place] != 0 {
        let page = leaf[place] & ~pointee.view.pageMask
        if page &- address < bytes { isAny = true }
      }
    }
    return isAny || holds(address) || holds(address &+ bytes &- page.size)
  }

  /// The distance in a page's entry; nil if there is none.
  private func distance(of key: UInt) -> UInt? {
    let hash = DirectoryView.hash(key)
    let (leaf, _) = leaf(of: hash)
    return place(of: key, hash, in: leaf).map { leaf[Int(bitPattern: $0)] ^ key }
  }

  /// The place of a page's entry in its leaf. Other CPUs may change the leaf meanwhile, and the search ends after one
  /// round at the latest.
  #if !SLM_HOSTED
    @inline(never)
  #endif
  func place(of key: UInt, _ hash: UInt, in leaf: UnsafeMutablePointer<UInt>) -> UInt? {
    let last = DirectoryView.tableCount &- 1
    let start = DirectoryView.place(hash)
    var place = start
    repeat {
      let entry = leaf[Int(bitPattern: place)]
      if place != last {
        if entry == 0 { return nil }
        if entry ^ key <= pointee.view.pageMask { return place }
      }
      place = (place &+ 1) & last
    } while place != start
    return nil
  }

  /// The leaf of a hash, and the slot that leads to it.
  #if !SLM_HOSTED
    @inline(never)
  #endif
  func leaf(of hash: UInt) -> (leaf: UnsafeMutablePointer<UInt>, slot: DirectorySlot) {
    var slot = rootSlot(hash)
    while true {
      // Another CPU may change the slot meanwhile.
      let content = atomic(slot.place).pointee.load(ordering: .relaxed)
      if content & 1 == 1 { return (DirectoryViewPointer.leaf(content), slot) }
      slot = slot.below(content, hash &>> (slot.shift &+ DirectoryView.tableBits))
    }
  }

  func rootSlot(_ index: UInt) -> DirectorySlot {
    DirectorySlot(node: root, bits: UInt(pointee.rootBits), shift: 0, index)
  }
}

/// A slot of the root or of a node.
struct DirectorySlot {
  let node: UnsafeMutablePointer<UInt>
  /// The node has 2^bits slots.
  let bits: UInt
  /// The lowest bit of a hash that selects the slot.
  let shift: UInt
  let index: UInt

  /// The higher bits of the index mean nothing.
  init(node: UnsafeMutablePointer<UInt>, bits: UInt, shift: UInt, _ index: UInt) {
    self.node = node
    self.bits = bits
    self.shift = shift
    self.index = index & (1 &<< bits &- 1)
  }

  var count: UInt { 1 &<< bits }
  var place: UnsafeMutablePointer<UInt> { node + Int(bitPattern: index) }

  func sibling(_ index: UInt) -> DirectorySlot { DirectorySlot(node: node, bits: bits, shift: shift, index) }

  /// A slot of the node that this slot leads to.
  func below(_ content: UInt, _ index: UInt) -> DirectorySlot {
    DirectorySlot(
      node: DirectoryViewPointer.node(content), bits: DirectoryView.tableBits, shift: shift &+ DirectoryView.tableBits,
      index)
  }

  /// Whether no lower slot of the node leads to the same leaf.
  var isFirst: Bool {
    guard index != 0 else { return true }
    let top = UInt(UInt.bitWidth - 1 - index.leadingZeroBitCount)
    return node[Int(bitPattern: index ^ 1 &<< top)] != place.pointee
  }

  /// The number of the lowest bits of its index that all slots of a leaf share: the leaf has every slot of its node
  /// with the same bits.
  var distinguishingBits: UInt {
    var bits = bits
    while bits > 0, node[Int(bitPattern: index ^ 1 &<< (bits &- 1))] == place.pointee { bits &-= 1 }
    return bits
  }

  /// Makes each slot from this one on, at a distance, lead to a leaf.
  func setEach(_ step: UInt, to content: UInt) {
    var next = index
    while next < count {
      node[Int(bitPattern: next)] = content
      next &+= step
    }
  }
}
