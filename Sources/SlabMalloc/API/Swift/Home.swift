/// What an allocator starts with: the memory that its own state lives in, which is the caller's or a page of the
/// provider's, and where its pages come from.
struct Home {
  let memory: UnsafeMutableRawPointer
  let provider: PageProvider
  /// The allocator's base page size.
  let basePage: PageSize
  /// The page that the memory is; nil if it is the caller's.
  private let page: PageSize?

  /// Storage of the caller's, 64-aligned.
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

  /// A page: a base page if that is big enough, else a large one.
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
  /// The base page size of an allocator: the one asked for, else the provider's, else 4 KiB.
  func basePage(_ wanted: PageSize?) throws(AllocationError) -> PageSize {
    // Pages that were taken must have a way back.
    guard allocate == nil || release != nil, pageSize?.isLarge != true else { throw .invalidArgument }
    guard let wanted else { return pageSize ?? .kib4 }
    guard !wanted.isLarge, pageSize == nil || pageSize == wanted else { throw .invalidArgument }
    return wanted
  }
}
