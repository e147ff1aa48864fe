import CSlabmalloc

@_cdecl("slm_mmap_provider") @implementation
public func slm_mmap_provider() -> slm_page_provider {
  let provider = MmapProviderPointer.shared.provider
  RunResizerPointer.ofMmap.note(provider)
  return provider.c
}

@_cdecl("slm_mmap_statistics") @implementation
public func slm_mmap_statistics(_ out: UnsafeMutablePointer<slm_provider_statistics>?) -> slm_status {
  let shared = MmapProviderPointer.shared
  shared.pointee.lock.acquire()
  let ledger = shared.pointee.ledger
  shared.pointee.lock.release()
  return out?.fill(from: ledger) ?? .invalidArgument
}
