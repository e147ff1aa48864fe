/// Base pages that are divided into cells of one size, for a zone's own use: tables of its directory, or descriptors of
/// its runs.
///
///     | CellPage, rest of the cell | cell | cell | ... |
///
/// A free cell's first word is the address of the next free cell of its page.
struct CellPage: Linked {
  var next: UnsafeMutablePointer<CellPage>?
  var previous: UnsafeMutablePointer<CellPage>?
  var free: UInt
  var used: UInt
}

typealias CellPagePointer = UnsafeMutablePointer<CellPage>

/// All pages for one kind of cells. Those with a free cell come first.
struct CellPages {
  private var pages = LinkedList<CellPage>()

  /// Makes a page one of free cells.
  mutating func add(_ address: UInt, bytes: UInt, cell: UInt) {
    let page = CellPagePointer(bitPattern: address).unsafelyUnwrapped
    page.initialize(to: CellPage(next: nil, previous: nil, free: 0, used: 0))
    var place = address &+ bytes &- cell
    while place > address, place &- address >= UInt(MemoryLayout<CellPage>.stride) {
      link(place, to: page)
      place &-= cell
    }
    pages.prepend(page)
  }

  private func link(_ cell: UInt, to page: CellPagePointer) {
    UnsafeMutablePointer<UInt>(bitPattern: cell).unsafelyUnwrapped.pointee = page.pointee.free
    page.pointee.free = cell
  }

  /// Takes a free cell; nil if there is none.
  mutating func take() -> UInt? {
    guard let page = pages.first, page.pointee.free != 0 else { return nil }
    let cell = page.pointee.free
    page.pointee.free = UnsafeMutablePointer<UInt>(bitPattern: cell).unsafelyUnwrapped.pointee
    page.pointee.used += 1
    if page.pointee.free == 0 {
      pages.remove(page)
      pages.append(page)
    }
    return cell
  }

  /// Makes a cell free. `pageMask` leads to its page.
  mutating func giveBack(_ cell: UInt, pageMask: UInt) {
    let page = CellPagePointer(bitPattern: cell & ~pageMask).unsafelyUnwrapped
    link(cell, to: page)
    page.pointee.used -= 1
    pages.remove(page)
    pages.prepend(page)
  }

  /// Takes out a page without used cells; nil if there is none.
  mutating func takeUnused() -> UInt? {
    var page = pages.first
    while let found = page, found.pointee.free != 0 {
      if found.pointee.used == 0 {
        pages.remove(found)
        return UInt(bitPattern: found)
      }
      page = found.pointee.next
    }
    return nil
  }

  /// Takes out any page.
  mutating func takeAny() -> UInt? { pages.removeFirst().map { UInt(bitPattern: $0) } }
}
