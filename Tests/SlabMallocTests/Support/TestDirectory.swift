@testable import SlabMalloc

/// A page directory by itself. Its slabs' pages are only addresses, and its tables have a page each.
final class TestDirectory {
  let page: PageSize
  let directory: PageDirectoryPointer
  private let storage: UnsafeMutableRawPointer
  private var pool: [TestPage] = []
  private var tables: [UInt: TestPage] = [:]

  init(_ page: PageSize, bins: UInt = SizeClass.count) {
    self.page = page
    storage = .allocate(byteCount: PageDirectory.storageSize(bins: bins), alignment: 64)
    directory = storage.assumingMemoryBound(to: PageDirectory.self)
    directory.initialize(page, copy: nil, isShared: true, bins: bins)
  }

  deinit { storage.deallocate() }

  var tableCount: Int { tables.count }

  /// Enters the pages of a slab as a zone does: at first they lead to no slab.
  func enter(_ start: UInt, pages: UInt) {
    for index in 0..<pages {
      let address = start + index * page.size
      while !directory.enter(address) { grow(for: address) }
    }
    for index in 0..<pages { directory.setDistance(start + index * page.size, pages - 1 - index) }
    // As after each page from a provider.
    if directory.isCrowded(start) { grow(for: start) }
  }

  private func grow(for address: UInt) {
    let table = pool.popLast() ?? TestPage(page)
    tables[table.address] = table
    precondition(directory.enterTable(table.address))
    directory.grow(for: address, with: table.address)
  }

  func remove(_ start: UInt, pages: UInt) {
    for index in 0..<pages { directory.remove(start + index * page.size) }
  }

  /// Takes out a table that is not needed; false if there is none.
  func shrink() -> Bool {
    guard let address = directory.takeUnneededTable() else { return false }
    pool.append(tables.removeValue(forKey: address)!)
    directory.remove(address)
    return true
  }
}

extension UnsafeMutablePointer where Pointee == PageDirectory {
  /// Some page of cells; nil if there is none.
  var tablePage: UInt? {
    var found: UInt?
    forEachLeaf { leaf in
      for place in 0..<Int(DirectoryView.tableCount) - 1 where leaf[place] != 0 {
        let key = key(of: leaf[place])
        if leaf[place] ^ key == noSlab { found = key & ~page.mask }
      }
    }
    return found
  }
}
