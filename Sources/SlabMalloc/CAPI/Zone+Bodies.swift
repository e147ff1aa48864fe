import CSlabmalloc

/// The body of the three families' functions of the same name.
extension UnsafeMutablePointer where Pointee == Zone {
  func statistics(_ out: UnsafeMutablePointer<slm_statistics>?) -> Status {
    guard isInitialized else { return AllocationError.notInitialized.code }
    return out?.fill(from: self) ?? AllocationError.invalidArgument.code
  }

  func statistics(of index: Int, _ out: UnsafeMutablePointer<slm_class_statistics>?) -> Status {
    guard isInitialized else { return AllocationError.notInitialized.code }
    return out?.fill(from: self, index: index) ?? AllocationError.invalidArgument.code
  }

  func reclaim(_ baseLimit: Int, _ largeLimit: Int, _ out: UnsafeMutablePointer<slm_reclaimed>?) -> Status {
    out?.pointee = slm_reclaimed(base_pages: 0, large_pages: 0)
    guard isInitialized else { return AllocationError.notInitialized.code }
    guard pointee.provider.release != nil else { return AllocationError.noProvider.code }
    // SIZE_MAX, "all", arrives as -1.
    // Large pages first: when they are gone, so is the need for a base page that tells where they are.
    let large = reclaim(.large, atMost: largeLimit < 0 ? Int.max : largeLimit)
    let base = reclaim(basePages.page, atMost: baseLimit < 0 ? Int.max : baseLimit)
    out?.pointee = slm_reclaimed(base_pages: base, large_pages: large)
    return ok
  }

  func reclaimPage(_ pageSize: Int) -> UnsafeMutableRawPointer? {
    guard let page = SlabMalloc.pageSize(ofBytes: pageSize) else { return nil }
    return UnsafeMutableRawPointer(bitPattern: takeEmptyPage(page) ?? 0)
  }

  func destroy(_ out: UnsafeMutablePointer<Int>?) -> Status {
    var live: UInt = 0
    let status = destroy(live: &live)
    out?.pointee = Int(live)
    return status
  }

  func pageSize(_ alignment: Int, _ size: Int) -> Int {
    guard isInitialized, let index = SizeClass.index(size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment))
    else { return 0 }
    return bin(index).pointee.page.bytes
  }

  /// Allocates for the `allocate_with` functions.
  func allocate(
    _ alignment: Int, _ size: Int, _ flags: UInt32, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  ) -> Status {
    var status = ok
    out.pointee = nil
    guard flags & ~SLM_ZEROED == 0 else { return AllocationError.invalidArgument.code }
    let size = UInt(bitPattern: size)
    guard let memory = allocate(size: size, alignment: UInt(bitPattern: alignment), status: &status) else { return status }
    if flags & SLM_ZEROED != 0 { clear(memory, size) }
    out.pointee = memory
    return ok
  }

  func allocateZeroed(_ size: Int) -> UnsafeMutableRawPointer? {
    guard let memory = allocate(UInt(bitPattern: size)) else { return nil }
    clear(memory, UInt(bitPattern: size))
    return memory
  }

  func allocateAligned(_ alignment: Int, _ size: Int) -> UnsafeMutableRawPointer? {
    var status = ok
    return allocate(size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment), status: &status)
  }

  func allocateBatch(_ size: Int, _ count: Int, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>) -> Int {
    guard isInitialized, let index = SizeClass.index(size: UInt(bitPattern: size)) else { return 0 }
    return allocateBatch(bin(index), count: count, into: out)
  }

  func deallocateBatch(
    _ objects: UnsafePointer<UnsafeMutableRawPointer?>, _ count: Int, _ out: UnsafeMutablePointer<Int>?
  ) -> Status {
    var done = 0
    let status = deallocateBatch(objects, count: count, done: &done)
    out?.pointee = done
    return status
  }

  func reallocate(_ object: UnsafeMutableRawPointer?, _ alignment: Int, _ size: Int) -> UnsafeMutableRawPointer? {
    var status = ok
    return reallocate(
      UInt(bitPattern: object), size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment), status: &status)
  }

  func goodSize(_ size: Int) -> Int {
    guard isInitialized, let index = SizeClass.index(size: UInt(bitPattern: size)) else { return 0 }
    return Int(SizeClass.slotSize(index))
  }
}

@inline(__always) func clear(_ memory: UnsafeMutableRawPointer, _ size: UInt) {
  memory.initializeMemory(as: UInt8.self, repeating: 0, count: Int(size))
}

/// The bodies that the size-class allocator has for itself.
extension UnsafeMutablePointer where Pointee == Zone {
  func refillObjects(_ page: UnsafeMutableRawPointer?, _ pageSize: Int) -> Status {
    guard isInitialized else { return AllocationError.notInitialized.code }
    return refill(bin(0), page: UInt(bitPattern: page), pageSize: pageSize)
  }

  func allocateZeroedObject() -> UnsafeMutableRawPointer? {
    guard let memory = allocateObject() else { return nil }
    clear(memory, bin(0).pointee.slotSize)
    return memory
  }

  func allocateObject(_ flags: UInt32, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>) -> Status {
    var status = ok
    out.pointee = nil
    guard flags & ~SLM_ZEROED == 0 else { return AllocationError.invalidArgument.code }
    guard let memory = allocateObject(status: &status) else { return status }
    if flags & SLM_ZEROED != 0 { clear(memory, bin(0).pointee.slotSize) }
    out.pointee = memory
    return ok
  }

  func deallocateObject(_ object: UnsafeMutableRawPointer?, _ alignment: Int, _ size: Int) -> Status {
    deallocateObject(UInt(bitPattern: object), size: UInt(bitPattern: size), alignment: UInt(bitPattern: alignment))
  }
}
