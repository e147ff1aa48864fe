/// The memory that an allocator's own state lives in, and the provider of its pages. The memory is the caller's, or a
/// page from the provider.
struct Home {
  let memory: UnsafeMutableRawPointer
  let provider: PageProvider
  /// The allocator's base page size.
  let basePage: PageSize
  /// The page that holds the state; nil if the memory is the caller's.
  private let page: PageSize?

  /// Takes the caller's storage, which must be aligned to 64 bytes.
  init(
    _ storage: UnsafeMutableRawBufferPointer, _ pageSize: PageSize?, _ provider: PageProvider?, needed: Int
  ) throws(AllocationError) {
    self.provider = provider ?? .none
    basePage = try self.provider.basePage(pageSize)
    guard let memory = storage.baseAddress, bits(memory) & 63 == 0, storage.count >= needed else {
      throw .invalidArgument
    }
    self.memory = memory
    page = nil
  }

  /// Takes a page from the provider: a base page if it is large enough, else a large one.
  init(_ pageSize: PageSize?, _ provider: PageProvider, needed: Int) throws(AllocationError) {
    self.provider = provider
    basePage = try provider.basePage(pageSize)
    let page = needed <= basePage.bytes ? basePage : .large
    guard let allocate = provider.allocate, provider.release != nil else { throw .invalidArgument }
    guard let memory = allocate(provider.context, page.bytes) else { throw .outOfMemory }
    self.memory = memory
    self.page = page
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
  /// The base page size of an allocator: the requested size, else the provider's, else 4 KiB.
  func basePage(_ wanted: PageSize?) throws(AllocationError) -> PageSize {
    // A provider that gives pages must also take them back.
    guard allocate == nil || release != nil, pageSize?.isLarge != true else { throw .invalidArgument }
    guard let wanted else { return pageSize ?? .kib4 }
    guard !wanted.isLarge, pageSize == nil || pageSize == wanted else { throw .invalidArgument }
    return wanted
  }
}
