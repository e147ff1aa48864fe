import CSlabPort

/// What a lookup in a page directory reads. The fast paths find a copy in the head of their zone.
///
///     hash of the page -> slot of the root -> leaf -> entry, and the entries behind it up to an empty one
///                                          -> node, slot of the node -> leaf ...
///
/// A lookup needs the pointer alone and reads nothing near it: a foreign pointer costs what any other does. The hash
/// spreads pages that lie at any distance from each other, and the cost does not depend on where they lie.
///
///     key      the address of a page's last byte
///     entry    key ^ distance; 0 is an empty entry
///     distance pages from this one to the last of its slab; `pageMask` for a page that is no slab's
///     slot     leaf | 1, or the address of a node of the next level
///
/// Zero-filled memory is a view without pages.
struct DirectoryView {
  /// The address of the first slot of the root; 0 in a view without pages.
  var root: UInt
  /// Slots of the root, less one.
  var rootMask: UInt
  var pageMask: UInt
  var pageShift: UInt
}

typealias DirectoryViewPointer = UnsafeMutablePointer<DirectoryView>

extension DirectoryView {
  /// A view in which nothing is found.
  @inline(__always) static func empty(_ page: PageSize) -> DirectoryView {
    DirectoryView(root: 0, rootMask: 0, pageMask: page.mask, pageShift: UInt(page.shift))
  }

  /// Words of a table: of a leaf with its header, or of a node.
  @inline(__always) static var tableCount: UInt { Build.isSmall ? 16 : 64 }
  @inline(__always) static var tableBits: UInt { Build.isSmall ? 4 : 6 }

  /// The lowest bits of a hash select a slot of the root, and the next ones a slot of a node of each level. Bits from
  /// `placeShift` on select an entry of a leaf.
  @inline(__always) static func place(_ hash: UInt) -> UInt { hash &>> placeShift & (tableCount &- 1) }

  /// On 64 bits, bits from 30 on spread pages at regular distances best: a lookup takes 1.2 probes on average and 1.9
  /// at the worst distance. The highest bits take 14 there.
  @inline(__always) private static var placeShift: UInt {
    Build.has64BitWords ? 30 : UInt(UInt.bitWidth) &- tableBits
  }

  /// A word whose every bit depends on the bits of a key. On 64 bits the halves of a product are folded (after Yi
  /// Wang's wyhash), on 32 bits two products.
  @inline(__always) static func hash(_ key: UInt) -> UInt {
    if Build.has64BitWords {
      let (high, low) = key.multipliedFullWidth(by: UInt(truncatingIfNeeded: 0x9E37_79B9_7F4A_7C15 as UInt64))
      return high ^ low
    }
    let first = key &* 0x9E37_79B1
    let second = (first ^ first &>> 15) &* 0x85EB_CA6B
    return second ^ second &>> 13
  }
}

extension UnsafeMutablePointer where Pointee == DirectoryView {
  @inline(__always) static func leaf(_ slot: UInt) -> UnsafeMutablePointer<UInt> {
    unsafeBitCast(UnsafeMutablePointer<UInt>(bitPattern: slot &- 1), to: UnsafeMutablePointer<UInt>.self)
  }

  @inline(__always) static func node(_ slot: UInt) -> UnsafeMutablePointer<UInt> {
    unsafeBitCast(UnsafeMutablePointer<UInt>(bitPattern: slot), to: UnsafeMutablePointer<UInt>.self)
  }

  /// The slab around an address in a base page of the zone; nil if there is none. Deallocations look here inline. The
  /// callers go on in a slow function, which finds large pages.
  @inline(__always) func probe(_ address: UInt) -> SlabPointer? {
    let root = pointee.root
    guard root != 0 else { return nil }
    let key = address | pointee.pageMask
    let hash = DirectoryView.hash(key)
    var slot = Self.node(root)[Int(bitPattern: hash & pointee.rootMask)]
    var rest = hash
    while _slowPath(slot & 1 == 0) {
      rest &>>= DirectoryView.tableBits
      slot = Self.node(slot)[Int(truncatingIfNeeded: rest & (DirectoryView.tableCount &- 1))]
    }
    let entries = Self.leaf(slot)
    let place = DirectoryView.place(hash)
    var distance = entries[Int(bitPattern: place)] ^ key
    if _slowPath(distance >= pointee.pageMask) {
      // The place is opaque. Otherwise the compiler makes the first look a part of the loop, for three instructions.
      var next = slm_port_opaque(place)
      repeat {
        // An empty entry gives the key, which is no less than the mask.
        guard distance != key else { return nil }
        next = (next &+ 1) & (DirectoryView.tableCount &- 1)
        distance = entries[Int(bitPattern: next)] ^ key
      } while distance >= pointee.pageMask
    }
    return SlabPointer.ending(with: slm_port_opaque(key &+ distance &<< pointee.pageShift))
  }
}
