import CSlabmalloc

/// The memory that the state of a zone or cache lives in: a page or a run of the provider's, or a large page where it
/// gives no runs.
struct AllocatorHome {
  let memory: UnsafeMutableRawPointer
  let size: Int
  private let provider: slm_page_provider
  private let isRun: Bool

  /// Throws `invalidArgument` for a provider that does not both give and take pages, or options that are not allowed.
  init(_ options: slm_options, needed: Int) throws(AllocationError) {
    provider = options.provider
    guard needed > 0, let allocate = provider.allocate_page, provider.release_page != nil else {
      throw .invalidArgument
    }
    let page = Int(options.page_size != 0 ? options.page_size : provider.page_size != 0 ? provider.page_size : 4096)
    let taken: UnsafeMutableRawPointer?
    if needed > page, let allocateRun = provider.allocate_run {
      size = (needed + page - 1) & ~(page - 1)
      isRun = true
      taken = allocateRun(provider.context, size, page)
    } else {
      size = needed <= page ? page : PageSize.large.bytes
      isRun = false
      taken = allocate(provider.context, size)
    }
    guard let taken else { throw AllocationError(SLM_ERR_OUT_OF_MEMORY, Layout(size: size, alignment: page)) }
    memory = taken
    guard bits(taken) & 63 == 0 else {
      giveBack()
      throw .badPage
    }
  }

  func giveBack() {
    if isRun {
      provider.release_run?(provider.context, memory, size)
    } else {
      provider.release_page?(provider.context, memory, size)
    }
  }

  static func options<Threads: ZoneThreads>(
    _ provider: PageProvider, _ pageSize: PageSize?, _ profile: Profile, _ threads: Threads.Type
  ) -> slm_options {
    var options = slm_options()
    options.struct_size = UInt32(MemoryLayout<slm_options>.size)
    options.page_size = UInt32(pageSize?.bytes ?? 0)
    options.flags = profile == .hardened ? SLM_HARDENED : profile == .fast ? SLM_FAST : 0
    options.threads = Threads.option
    options.provider = provider.c
    return options
  }
}
