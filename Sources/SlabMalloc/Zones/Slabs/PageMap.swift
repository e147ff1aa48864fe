import CSlabPort

/// The pages of one size that an allocator owns: a hash table of their slabs, by page number.
///
///     buckets[number & mask] -> slab -> slab -> nil        (nextInBucket; the newest first)
///
/// It answers whether a pointer is ours from the pointer alone: the slab that the page around it would have is computed
/// and compared with what the bucket holds. Nothing near a foreign pointer is read.
///
/// Neighbouring pages fall into neighbouring buckets, so that with as many buckets as pages the first probe hits. The
/// first buckets lie behind the zone's bins; later ones take a page of their own, see `Zone+Table.swift`.
struct PageMap {
  /// Where the buckets are: how many words from the map itself. The first field, and 0 in a map without buckets: the
  /// one bucket is then this field, which holds no page. An empty map can therefore be probed without a test.
  var firstBucket: Int
  var bucketMask: UInt
  var pageMask: UInt
  var pageShift: UInt
  /// Pages in the map.
  var count: UInt
  /// The page that holds the buckets; nil while the first ones do.
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
  /// Makes an empty map, with its first buckets in memory of so many words as `firstBucketCount` says.
  func initialize(page: PageSize, firstBuckets: UnsafeMutablePointer<UInt>) {
    firstBuckets.initialize(repeating: 0, count: Int(PageMap.firstBucketCount))
    initialize(to: PageMap(withoutBucketsFor: page))
    pointee.firstBucket = firstBuckets - words
    pointee.bucketMask = PageMap.firstBucketCount - 1
  }

  /// Finds no page any more, as in zero-filled memory.
  func end() {
    pointee.firstBucket = 0
    pointee.bucketMask = 0
  }

  /// For each bucket the address of the last byte of its first slab's page, or 0.
  @inline(__always) var buckets: UnsafeMutablePointer<UInt> {
    words + pointee.firstBucket
  }

  @inline(__always) private var words: UnsafeMutablePointer<UInt> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: UInt.self)
  }

  @inline(__always) var page: PageSize { PageSize(shift: UInt8(truncatingIfNeeded: pointee.pageShift)) }

  /// The slab around an address if the first probe finds it: what a deallocation tries inline.
  @inline(__always) func probe(_ address: UInt) -> SlabPointer? {
    probe(address, shift: pointee.pageShift, mask: pointee.pageMask)
  }

  /// The same for the map of large pages, whose size is a constant.
  @inline(__always) func probeLarge(_ address: UInt) -> SlabPointer? {
    probe(address, shift: UInt(PageSize.large.shift), mask: PageSize.large.mask)
  }

  @inline(__always) private func probe(_ address: UInt, shift: UInt, mask: UInt) -> SlabPointer? {
    let last = address | mask
    // Opaque, or the compiler adds the map's address to one summand in a register instead of to the sum in the operand.
    let bucket = slm_port_opaque(
      (address &>> shift) & pointee.bucketMask &+ UInt(bitPattern: pointee.firstBucket))
    guard words[Int(truncatingIfNeeded: bucket)] == last else { return nil }
    return SlabPointer.endingUnchecked(at: last)
  }

  /// The slab around an address, or nil if its page is not in the map.
  func find(_ address: UInt) -> SlabPointer? {
    let wanted = SlabPointer.around(address, pageMask: pointee.pageMask)
    var slab = SlabPointer.ending(at: bucket(of: address).pointee)
    while let candidate = slab, candidate != wanted { slab = candidate.pointee.nextInBucket }
    return slab
  }

  /// Whether a page of the map starts in so many bytes from an address, a multiple of both sizes. Each bucket is looked
  /// at once at most.
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

  /// Takes out a slab that is in the map.
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

  /// Calls the body with every slab. The body may free the page of the slab it is given, no other.
  @inline(__always) func forEach(_ body: (SlabPointer) -> Void) {
    for bucket in 0...Int(pointee.bucketMask) {
      var slab = SlabPointer.ending(at: buckets[bucket])
      while let found = slab {
        slab = found.pointee.nextInBucket
        body(found)
      }
    }
  }

  /// The memory that holds the buckets, if it is a page of its own.
  var tablePage: UInt? { Build.isSmall || pointee.table == nil ? nil : UInt(bitPattern: buckets) }

  /// Moves the buckets into a page. The old one is the caller's to give back.
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
