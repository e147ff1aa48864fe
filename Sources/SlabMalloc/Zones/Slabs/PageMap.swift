import CSlabPort

/// A page map: a hash table of the slabs on all pages of one size in a zone, by page number. Every deallocation asks it
/// whether the zone owns the pointer.
///
///     buckets[number & mask] -> slab -> slab -> nil        (nextInBucket; the newest first)
///
/// The answer comes from the pointer alone. The map computes where the slab around the pointer would be, and compares
/// the address with the bucket's content. It reads nothing near a foreign pointer.
///
/// Neighbouring pages have neighbouring buckets. With as many buckets as pages the first probe therefore hits. The
/// first buckets lie behind the zone's bins. Later buckets take a page of their own, see `Zone+Table.swift`.
struct PageMap {
  /// The distance from the map to its buckets, in words. This is the first field, and 0 in a map without buckets: its
  /// one bucket is then this field, which holds no page. An empty map can therefore be probed without a test.
  var firstBucket: Int
  var bucketMask: UInt
  var pageMask: UInt
  var pageShift: UInt
  /// The number of pages in the map.
  var count: UInt
  /// The size of the page that holds the buckets; nil while the first buckets are in use.
  var table: PageSize?

  @inline(__always) static var firstBucketCount: UInt { Build.isSmall ? 8 : 64 }

  /// Bytes of the first buckets.
  @inline(__always) static var firstBucketsSize: Int { Int(firstBucketCount) * MemoryLayout<UInt>.stride }
}

extension PageMap {
  /// A map that finds no page and takes in none.
  @inline(__always) init(withoutBucketsFor page: PageSize) {
    self.init(
      firstBucket: 0, bucketMask: 0, pageMask: page.mask, pageShift: UInt(page.shift), count: 0, table: nil)
  }
}

typealias PageMapPointer = UnsafeMutablePointer<PageMap>

extension UnsafeMutablePointer where Pointee == PageMap {
  /// Makes an empty map. Its first buckets need `firstBucketCount` words of memory.
  func initialize(page: PageSize, firstBuckets: UnsafeMutablePointer<UInt>) {
    firstBuckets.initialize(repeating: 0, count: Int(PageMap.firstBucketCount))
    initialize(to: PageMap(withoutBucketsFor: page))
    pointee.firstBucket = firstBuckets - words
    pointee.bucketMask = PageMap.firstBucketCount - 1
  }

  /// Ends the map: it finds no page, like zero-filled memory.
  func end() {
    pointee.firstBucket = 0
    pointee.bucketMask = 0
  }

  /// The buckets. Each holds the address of the last byte of its first slab's page, or 0.
  @inline(__always) var buckets: UnsafeMutablePointer<UInt> {
    words + pointee.firstBucket
  }

  @inline(__always) private var words: UnsafeMutablePointer<UInt> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: UInt.self)
  }

  @inline(__always) var page: PageSize { PageSize(shift: UInt8(truncatingIfNeeded: pointee.pageShift)) }

  /// The slab around an address, if the first probe finds it. Deallocations try this probe inline.
  @inline(__always) func probe(_ address: UInt) -> SlabPointer? {
    probe(address, shift: pointee.pageShift, mask: pointee.pageMask)
  }

  /// The first probe in the map of large pages, whose size is a constant.
  @inline(__always) func probeLarge(_ address: UInt) -> SlabPointer? {
    probe(address, shift: UInt(PageSize.large.shift), mask: PageSize.large.mask)
  }

  @inline(__always) private func probe(_ address: UInt, shift: UInt, mask: UInt) -> SlabPointer? {
    let last = address | mask
    // The sum is opaque. Otherwise the compiler adds the map's address to one summand in a register, instead of to the
    // sum in the operand.
    let bucket = slm_port_opaque(
      (address &>> shift) & pointee.bucketMask &+ UInt(bitPattern: pointee.firstBucket))
    guard words[Int(truncatingIfNeeded: bucket)] == last else { return nil }
    return SlabPointer.endingUnchecked(at: last)
  }

  /// The slab around an address; nil if its page is not in the map.
  func find(_ address: UInt) -> SlabPointer? {
    let wanted = SlabPointer.around(address, pageMask: pointee.pageMask)
    var slab = SlabPointer.ending(at: bucket(of: address).pointee)
    while let candidate = slab, candidate != wanted { slab = candidate.pointee.nextInBucket }
    return slab
  }

  /// Whether a page of the map starts within `size` bytes from an address. The address is a multiple of `size` and of
  /// the map's page size. Looks at each bucket at most once.
  func holdsAny(_ address: UInt, _ size: UInt) -> Bool {
    let (buckets, mask) = (self.buckets, pointee.bucketMask)
    var number = address &>> pointee.pageShift
    let end = number &+ min(size &>> pointee.pageShift, mask &+ 1)
    while number != end {
      var slab = SlabPointer.ending(at: buckets[Int(bitPattern: number & mask)])
      while let candidate = slab {
        if candidate.address &- address < size { return true }
        slab = candidate.pointee.nextInBucket
      }
      number &+= 1
    }
    return false
  }

  @inline(__always) private func bucket(of address: UInt) -> UnsafeMutablePointer<UInt> {
    buckets + Int(bitPattern: (address &>> pointee.pageShift) & pointee.bucketMask)
  }

  func insert(_ slab: SlabPointer) {
    let bucket = bucket(of: slab.address)
    slab.pointee.nextInBucket = SlabPointer.ending(at: bucket.pointee)
    bucket.pointee = slab.pageEnd
    pointee.count += 1
  }

  /// Takes a slab out of the map, which must hold it.
  func remove(_ slab: SlabPointer) {
    let bucket = bucket(of: slab.address)
    if bucket.pointee == slab.pageEnd {
      bucket.pointee = slab.pointee.nextInBucket?.pageEnd ?? 0
    } else {
      var before = SlabPointer.ending(at: bucket.pointee)
      while let candidate = before, candidate.pointee.nextInBucket != slab { before = candidate.pointee.nextInBucket }
      before.unsafelyUnwrapped.pointee.nextInBucket = slab.pointee.nextInBucket
    }
    pointee.count -= 1
  }

  /// Calls the body with every slab. The body may free the page of this slab, but no other.
  @inline(__always) func forEach(_ body: (SlabPointer) -> Void) {
    for bucket in 0...Int(pointee.bucketMask) {
      var slab = SlabPointer.ending(at: buckets[bucket])
      while let found = slab {
        slab = found.pointee.nextInBucket
        body(found)
      }
    }
  }

  /// The page that holds the buckets; nil if they are in the zone's storage.
  var tablePage: UInt? { Build.isSmall || pointee.table == nil ? nil : UInt(bitPattern: buckets) }

  /// Moves the buckets into a page. The caller gives the old page back.
  func move(to address: UInt, _ page: PageSize) {
    let old = buckets
    let oldMask = pointee.bucketMask
    let new = UnsafeMutablePointer<UInt>(bitPattern: address).unsafelyUnwrapped
    let bucketCount = page.bytes / MemoryLayout<UInt>.stride
    new.initialize(repeating: 0, count: bucketCount)
    pointee.firstBucket = new - words
    pointee.bucketMask = UInt(bucketCount) - 1
    pointee.table = page
    pointee.count = 0
    for bucket in 0...Int(oldMask) {
      var slab = SlabPointer.ending(at: old[bucket])
      while let found = slab {
        slab = found.pointee.nextInBucket
        insert(found)
      }
    }
  }
}
