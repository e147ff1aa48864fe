import CSlabmalloc

/// Layouts and errors in the types of the Swift allocators.
extension UnsafeMutablePointer where Pointee == ZoneState {
  func allocateOrThrow(_ layout: Layout) throws(AllocationError) -> UnsafeMutableRawPointer {
    var status = Status.ok
    guard
      let memory = allocate(
        size: bits(layout.size), alignment: bits(layout.alignment), status: &status)
    else { throw AllocationError(status) }
    return memory
  }

  func deallocate(_ pointer: UnsafeMutableRawPointer, _ layout: Layout?) -> Status {
    guard let layout else { return deallocate(bits(pointer)) }
    return deallocate(
      bits(pointer), size: bits(layout.size), alignment: bits(layout.alignment))
  }

  /// Throws the error of a deallocation with this layout. Unlike the deallocation it also checks the layout in profile
  /// `fast`. Changes nothing.
  func checkLive(_ pointer: UnsafeMutableRawPointer, _ layout: Layout) throws(AllocationError) {
    var status = Status.ok
    let (size, alignment) = (bits(layout.size), bits(layout.alignment))
    guard let index = classIndex(size: size, alignment: alignment) else {
      return try AllocationError.check(checkRun(bits(pointer), size: size, alignment: alignment))
    }
    guard let slab = lookUpIntact(bits(pointer), status: &status) else {
      // A large object is in no slab.
      var found = Status.ok
      throw lookUpRun(bits(pointer), status: &found) == nil ? AllocationError(status) : .layoutMismatch
    }
    guard UInt(slab.pointee.binIndex) == index else { throw .layoutMismatch }
  }

  func reclaimOrThrow(_ page: PageSize, atMost limit: Int) throws(AllocationError) -> Int {
    guard pointee.provider.release != nil else { throw .noProvider }
    guard page.isLarge || page == self.page else { throw .wrongPageSize }
    let count = reclaim(basePages: page.isLarge ? 0 : limit, largePages: page.isLarge ? limit : 0)
    return page.isLarge ? count.large : count.base
  }
}
