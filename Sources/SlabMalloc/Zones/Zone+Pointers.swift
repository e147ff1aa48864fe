import CSlabmalloc

/// The zone's operations on pointers and Ints, as both APIs pass them.
extension UnsafeMutablePointer where Pointee == ZoneState {
  func reclaimPage(_ pageSize: Int) -> UnsafeMutableRawPointer? {
    guard let page = SlabMalloc.pageSize(ofBytes: pageSize) else { return nil }
    return UnsafeMutableRawPointer(bitPattern: takeEmptyPage(page) ?? 0)
  }

  func pageSize(_ alignment: Int, _ size: Int) -> Int {
    guard isInitialized,
      let index = classIndex(size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment))
    else { return 0 }
    return bin(index).pointee.page.bytes
  }

  func allocateAligned(_ alignment: Int, _ size: Int) -> UnsafeMutableRawPointer? {
    var status = Status.ok
    return allocate(size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment), status: &status)
  }

  func allocateBatch(_ size: Int, _ count: Int, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>) -> Int {
    guard isInitialized, let index = classIndex(size: UInt(bitPattern: size)) else { return 0 }
    return allocateBatch(bin(index), count: limit(count), into: out)
  }

  func goodSize(_ size: Int) -> Int {
    guard isInitialized, let index = classIndex(size: UInt(bitPattern: size)) else { return 0 }
    return Int(SizeClass.slotSize(index) &- canarySize)
  }

  func refillObjects(_ page: UnsafeMutableRawPointer?, _ pageSize: Int) -> Status {
    guard isInitialized else { return .notInitialized }
    return refill(bin(0), page: UInt(bitPattern: page), pageSize: pageSize)
  }

  func deallocateObject(_ object: UnsafeMutableRawPointer?, _ alignment: Int, _ size: Int) -> Status {
    deallocateObject(UInt(bitPattern: object), size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment))
  }

  func allocateZeroed(_ size: Int) -> UnsafeMutableRawPointer? {
    guard let memory = allocate(UInt(bitPattern: size)) else { return nil }
    clear(memory, UInt(bitPattern: size))
    return memory
  }

  func allocateZeroedObject() -> UnsafeMutableRawPointer? {
    guard let memory = allocateObject() else { return nil }
    clear(memory, bin(0).pointee.slotSize &- canarySize)
    return memory
  }

  func reallocate(_ object: UnsafeMutableRawPointer?, _ alignment: Int, _ size: Int) -> UnsafeMutableRawPointer? {
    var status = Status.ok
    return reallocate(
      UInt(bitPattern: object), size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment), status: &status)
  }
}

/// A count from C, where SIZE_MAX, "all there are", arrives as -1.
@inline(__always) func limit(_ count: Int) -> Int { count < 0 ? Int.max : count }
