/// Entries in and out of leaves.
///
/// Entries that the same hash leads to lie behind each other, without a gap (linear probing). Removing one therefore
/// moves later ones up (Knuth's algorithm R). The last word of a leaf is its header: the number of entries, times 2^16,
/// which no lookup takes for an entry, because no key is so close to it.
extension UnsafeMutablePointer where Pointee == PageDirectory {
  private var headerUnit: UInt { 1 &<< 16 }
  private var lastPlace: UInt { DirectoryView.tableCount &- 1 }

  func entryCount(_ leaf: UnsafeMutablePointer<UInt>) -> UInt { leaf[Int(bitPattern: lastPlace)] &>> 16 }

  /// A leaf should split when it has more entries than this. A lookup takes one and a half probes on average there.
  var splitLimit: UInt { DirectoryView.tableCount / 2 }

  /// A leaf takes no more entries of slabs than this. The places left are for the pages that a split needs.
  private var fullLimit: UInt { DirectoryView.tableCount / 8 * 7 }

  /// Inserts the entry of a page that comes in. False if its leaf is full: the directory must grow first.
  func enter(_ page: UInt) -> Bool { insert(page, atMost: fullLimit) }

  /// Inserts the entry of a page of the directory or of descriptors. False if there is no place at all.
  func enterTable(_ page: UInt) -> Bool { insert(page, atMost: lastPlace &- 1) }

  private func insert(_ page: UInt, atMost limit: UInt) -> Bool {
    let key = key(of: page)
    let hash = DirectoryView.hash(key)
    let (leaf, _) = leaf(of: hash)
    guard entryCount(leaf) < limit else { return false }
    add(key ^ noSlab, hash, to: leaf)
    pointee.count &+= 1
    return true
  }

  /// Changes a page's entry into one of a slab.
  func setDistance(_ page: UInt, _ distance: UInt) {
    let key = key(of: page)
    let hash = DirectoryView.hash(key)
    let (leaf, _) = leaf(of: hash)
    guard let place = place(of: key, hash, in: leaf) else { return }
    leaf[Int(bitPattern: place)] = key ^ distance
  }

  /// Removes the entry of a page, if there is one.
  #if !SLM_HOSTED
    @inline(never)
  #endif
  func remove(_ page: UInt) {
    let key = key(of: page)
    let hash = DirectoryView.hash(key)
    let (leaf, _) = leaf(of: hash)
    guard let place = place(of: key, hash, in: leaf) else { return }
    removeEntry(at: place, from: leaf)
    pointee.count &-= 1
  }

  /// The hash that an entry was inserted by.
  func entryHash(_ entry: UInt) -> UInt { DirectoryView.hash(key(of: entry)) }

  func add(_ entry: UInt, _ hash: UInt, to leaf: UnsafeMutablePointer<UInt>) {
    let mask = lastPlace
    var place = DirectoryView.place(hash)
    while place == mask || leaf[Int(bitPattern: place)] != 0 { place = (place &+ 1) & mask }
    leaf[Int(bitPattern: place)] = entry
    leaf[Int(bitPattern: mask)] &+= headerUnit
  }

  #if !SLM_HOSTED
    @inline(never)
  #endif
  func removeEntry(at place: UInt, from leaf: UnsafeMutablePointer<UInt>) {
    let mask = lastPlace
    var hole = place
    var next = place
    while true {
      next = (next &+ 1) & mask
      if next == mask { continue }
      let entry = leaf[Int(bitPattern: next)]
      if entry == 0 { break }
      // The entry moves up unless its own place lies behind the hole.
      let home = DirectoryView.place(entryHash(entry))
      guard (next &- home) & mask >= (next &- hole) & mask else { continue }
      leaf[Int(bitPattern: hole)] = entry
      hole = next
    }
    leaf[Int(bitPattern: hole)] = 0
    leaf[Int(bitPattern: mask)] &-= headerUnit
  }

  /// Calls the body with each slab. The body may release the slab's pages, but change the directory no further.
  func forEachSlab(_ body: (SlabPointer) -> Void) {
    if Build.isSmall { return forEachInChains(body) }
    forEachLeaf { leaf in
      for place in 0..<Int(bitPattern: lastPlace) where leaf[place] != 0 {
        let key = key(of: leaf[place])
        let distance = leaf[place] ^ key
        if distance == 0 {
          body(SlabPointer.ending(with: key))
        } else if distance == largeDistance, key & ~pointee.view.pageMask & PageSize.large.mask == 0 {
          body(SlabPointer.ending(with: key | PageSize.large.mask))
        }
      }
    }
  }
}
