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
    if !Build.isSmall, first.pointee.binCount != 1, first.classIndex(size: size) == nil {
      var status = Status.ok
      while done < count, let memory = allocate(size: size, alignment: 1, status: &status) {
        out[done] = memory
        done += 1
      }
      return done
    }
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

  /// Pushes a page or a run: to the own zone, or to the zone of large objects.
  func refill(size: UInt, alignment: UInt, page: UInt, pageSize: UInt) -> Status {
    if let shared, first.classIndex(size: size, alignment: alignment) == nil {
      return shared.reserves.locked {
        $0.refill(size: size, alignment: alignment, page: page, pageSize: pageSize)
      }
    }
    return withOwn { $0.refill(size: size, alignment: alignment, page: page, pageSize: pageSize) }
  }

  func deallocate(_ address: UInt, size: UInt, alignment: UInt) -> Status {
    withOwner(of: address) { $0.deallocate(address, size: size, alignment: alignment) }
  }

  /// Deallocates an object of a cache.
  func deallocateObject(_ address: UInt, size: UInt, alignment: UInt) -> Status {
    withOwner(of: address) { $0.deallocateObject(address, size: size, alignment: alignment) }
  }

  /// Gives an object another size: in place if possible, else by moving it.
  func reallocate(
    _ object: UnsafeMutableRawPointer?, size: UInt, alignment: UInt, status: inout Status
  ) -> UnsafeMutableRawPointer? {
    guard let object else { return allocate(size: size, alignment: alignment, status: &status) }
    let address = UInt(bitPattern: object)
    guard first.canServe(size: size, alignment: alignment) else {
      status = .invalidLayout
      return nil
    }
    var move: ZonePointer.Move?
    status = withOwner(of: address) {
      var status = Status.ok
      move = $0.resizeForReallocation(address, size: size, alignment: alignment, status: &status)
      return status
    }
    guard case .moves(let bytes, let shrinks)? = move else { return move == nil ? nil : object }
    guard let new = allocate(size: size, alignment: alignment, status: &status) else {
      guard shrinks else { return nil }
      status = withOwner(of: address) {
        guard $0.owns(address) else { return .foreignPointer }
        $0.stay(address, size: size)
        return .ok
      }
      return object
    }
    new.copyMemory(from: object, byteCount: Int(bitPattern: bytes))
    _ = withOwner(of: address) { $0.deallocateByCall(address) }
    // The provider may have ended the zone when it got the old run.
    guard first.isInitialized else {
      status = .notInitialized
      return nil
    }
    return new
  }

  func usableSize(_ address: UInt) -> UInt {
    var size: UInt = 0
    _ = withOwner(of: address) {
      size = $0.usableSize(address)
      return size == 0 && !$0.owns(address) ? .foreignPointer : .ok
    }
    return size
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

  /// Takes an empty slab of this many bytes out of any zone that has one.
  func takeEmptyPage(_ bytes: UInt) -> UInt? {
    var address: UInt?
    forEach {
      address = $0.takeEmptyPage(bytes)
      return address == nil
    }
    return address
  }

  func destroy(live: inout UInt) -> Status {
    if Build.isSmall { return plain.destroy(live: &live) }
    guard first.isInitialized else { return .notInitialized }
    if let policy = first.pointee.policy, policy.hasLent { return .inUse }
    return shared?.destroy(live: &live) ?? plain.destroy(live: &live)
  }

  /// Why the zone cannot be destroyed; ok if it can.
  var refusalToEnd: Status {
    guard first.isInitialized else { return .notInitialized }
    if let policy = first.pointee.policy, policy.hasLent { return .inUse }
    guard !first.isConstructing() else { return .reentrant }
    var status = Status.ok
    forEach {
      if $0.pointee.ledger.pagesHeld != 0 || $0.tablePages != 0, $0.pointee.provider.release == nil {
        status = .noProvider
      }
      return status == .ok
    }
    return status
  }
}
