import CSlabmalloc

/// The calls of the C API, written once for zones and caches, plain and shared. Slow work, such as copying, runs
/// without a lock.
extension AnyZone {
  /// Allocates with a body that allocates from one zone, and stores the reason of a failure in `status`. Passes
  /// `nowait` to the body.
  @inline(__always) func allocate(
    nowait: Bool = false, status: inout Status,
    _ body: (ZonePointer, _ nowait: Bool, inout Status) -> UnsafeMutableRawPointer?
  ) -> UnsafeMutableRawPointer? {
    guard let shared else { return body(plain, nowait, &status) }
    return shared.allocate(nowait: nowait, status: &status, body)
  }

  @inline(__always) func allocate(
    size: UInt, alignment: UInt, nowait: Bool = false, status: inout Status
  ) -> UnsafeMutableRawPointer? {
    guard let shared else {
      return plain.allocate(size: size, alignment: alignment, nowait: nowait, status: &status)
    }
    return shared.allocate(size: size, alignment: alignment, nowait: nowait, status: &status)
  }

  /// Allocates an object of a cache.
  func allocateObject(nowait: Bool, status: inout Status) -> UnsafeMutableRawPointer? {
    allocate(nowait: nowait, status: &status) { $0.allocateObject(nowait: $1, status: &$2) }
  }

  /// Allocates up to `count` objects; returns how many. In a cache the size is that of any object.
  func allocateBatch(size: UInt, count: Int, into out: UnsafeMutablePointer<UnsafeMutableRawPointer?>) -> Int {
    var done = 0
    var status = withOwn { zone in
      guard zone.isInitialized, let bin = zone.bin(size: size, alignment: 1) else { return .invalidLayout }
      done = zone.allocateBatch(bin, count: count, into: out)
      return done < count ? zone.writeFound : .ok
    }
    guard let shared else { return done }
    while done < count,
      let memory = shared.allocateElsewhere(
        status: &status,
        { zone, nowait, status in
          zone.bin(size: size, alignment: 1).flatMap { zone.allocate(from: $0, nowait: nowait, status: &status) }
        })
    {
      out[done] = memory
      done += 1
    }
    return done
  }

  /// Deallocates all objects that can be deallocated. Returns the status of the first that cannot. Holds the lock as
  /// long as the objects belong to the own zone.
  func deallocateBatch(_ objects: UnsafePointer<UnsafeMutableRawPointer?>, count: Int, done: inout Int) -> Status {
    var first = Status.ok
    var index = 0
    while true {
      var status = withOwn {
        $0.deallocateBatch(objects, count: count, from: &index, done: &done, first: &first) ? .foreignPointer : .ok
      }
      guard status == .foreignPointer else { break }
      let address = bits(objects[index])
      if let shared, shared.pointee.cpuCount != 0 {
        status = shared.withOther(of: address) { $0.deallocateByCall(address) }
      }
      if status == .ok { done += 1 } else if first == .ok { first = status }
      index += 1
    }
    return first
  }

  func deallocate(_ address: UInt, size: UInt, alignment: UInt) -> Status {
    withOwner(of: address) { $0.deallocate(address, size: size, alignment: alignment) }
  }

  /// Deallocates an object of a cache.
  func deallocateObject(_ address: UInt, size: UInt, alignment: UInt) -> Status {
    withOwner(of: address) { $0.deallocateObject(address, size: size, alignment: alignment) }
  }

  /// Gives an object another size: in place if the new size has the same size class, else by moving it.
  func reallocate(
    _ object: UnsafeMutableRawPointer?, size: UInt, alignment: UInt, status: inout Status
  ) -> UnsafeMutableRawPointer? {
    let address = bits(object)
    var byteCount: UInt = 0
    if address != 0 {
      guard let old = slot(around: address, isIntact: true, &status) else { return nil }
      guard let index = first.classIndex(size: size, alignment: alignment) else {
        status = .invalidLayout
        return nil
      }
      if old.index == index, address & (alignment &- 1) == 0 { return object }
      byteCount = old.size < size ? old.size : size
    }
    guard let new = allocate(size: size, alignment: alignment, status: &status) else { return nil }
    if let object {
      new.copyMemory(from: object, byteCount: Int(bitPattern: byteCount))
      _ = withOwner(of: address) { $0.deallocateByCall(address) }
    }
    return new
  }

  func usableSize(_ address: UInt) -> UInt {
    var status = Status.ok
    return slot(around: address, isIntact: false, &status)?.size ?? 0
  }

  /// The usable size and the size class of a live object. With `isIntact`, fails if something was written beyond the
  /// object's end.
  private func slot(around address: UInt, isIntact: Bool, _ status: inout Status) -> (size: UInt, index: UInt)? {
    var found: (size: UInt, index: UInt)?
    status = withOwner(of: address) {
      var status = Status.ok
      if let slab = isIntact ? $0.lookUpIntact(address, status: &status) : $0.lookUp(address, status: &status) {
        found = ($0.usableSize(slab), UInt(slab.pointee.binIndex))
      }
      return status
    }
    return found
  }

  /// The slot size of the slab around an address; 0 if there is none.
  func slotSize(around address: UInt) -> UInt {
    var size: UInt = 0
    _ = withOwner(of: address) {
      guard let slab = $0.slab(around: address) else { return .foreignPointer }
      size = slab.slotSize
      return .ok
    }
    return size
  }

  func owns(_ address: UInt) -> Bool { withOwner(of: address) { $0.owns(address) ? .ok : .foreignPointer } == .ok }

  /// In a cache size and alignment are those of any object.
  func reserve(size: UInt, alignment: UInt, count: UInt) -> Status {
    guard let shared else { return plain.reserve(size: size, alignment: alignment, count: count) }
    return shared.reserve(size: size, alignment: alignment, count: count)
  }

  /// Returns up to this many empty pages of each size to the provider, and counts them in `gone`.
  func reclaim(basePages baseLimit: Int, largePages largeLimit: Int, _ gone: inout (base: Int, large: Int)) -> Status {
    guard first.isInitialized else { return .notInitialized }
    guard first.pointee.provider.release != nil else { return .noProvider }
    forEach {
      let count = $0.reclaim(basePages: baseLimit - gone.base, largePages: largeLimit - gone.large)
      gone.base += count.base
      gone.large += count.large
      return gone.base < baseLimit || gone.large < largeLimit
    }
    return .ok
  }

  /// Takes an empty page out of any zone that has one.
  func takeEmptyPage(_ page: PageSize) -> UInt? {
    var address: UInt?
    forEach {
      address = $0.takeEmptyPage(page)
      return address == nil
    }
    return address
  }

  func destroy(live: inout UInt) -> Status {
    if Build.isSmall { return plain.destroy(live: &live) }
    guard first.isInitialized else { return .notInitialized }
    let policy = first.pointee.policy
    if let policy, policy.hasLent { return .inUse }
    let status = shared?.destroy(live: &live) ?? plain.destroy(live: &live)
    if status == .ok { policy?.end() }
    return status
  }

  /// Why the zone cannot be destroyed; ok if it can.
  var refusalToEnd: Status {
    guard first.isInitialized else { return .notInitialized }
    if let policy = first.pointee.policy, policy.hasLent { return .inUse }
    var status = Status.ok
    forEach {
      if $0.isConstructing() {
        status = .reentrant
      } else if $0.pointee.ledger.pagesHeld != 0, $0.pointee.provider.release == nil {
        status = .noProvider
      }
      return status == .ok
    }
    return status
  }
}
