/// The memory that an allocator's own state lives in: the caller's, or a page of the provider's.
struct Home {
  let memory: UnsafeMutableRawPointer
  private let page: PageSize?
  private let provider: PageProvider

  /// Storage of the caller's, 64-aligned.
  init(_ storage: UnsafeMutableRawBufferPointer, needed: Int) throws(AllocationError) {
    guard let memory = storage.baseAddress, bits(memory) & 63 == 0, storage.count >= needed else {
      throw .invalidArgument
    }
    self.memory = memory
    page = nil
    provider = .none
  }

  /// A page: a base page if that is big enough, else a large one.
  init(of provider: PageProvider, _ base: PageSize, needed: Int) throws(AllocationError) {
    let page = needed <= base.bytes ? base : .large
    guard let allocate = provider.allocate, provider.release != nil else { throw .invalidArgument }
    guard let memory = allocate(provider.context, page.bytes) else { throw .outOfMemory }
    self.memory = memory
    self.page = page
    self.provider = provider
    guard bits(memory) & page.mask == 0 else {
      giveBack()
      throw .badPage
    }
  }

  func giveBack() {
    guard let page, let release = provider.release else { return }
    release(provider.context, memory, page.bytes)
  }
}

extension PageProvider {
  /// The base page size of an allocator: the one asked for, else the provider's, else 4 KiB.
  func basePage(_ wanted: PageSize?) throws(AllocationError) -> PageSize {
    // Pages that were taken must have a way back.
    guard allocate == nil || release != nil, pageSize?.isLarge != true else { throw .invalidArgument }
    guard let wanted else { return pageSize ?? .kib4 }
    guard !wanted.isLarge, pageSize == nil || pageSize == wanted else { throw .invalidArgument }
    return wanted
  }
}
