import CSlabmalloc

/// Calls of the provider. They run without the zone's lock, and anything may have changed when they return.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Requests a page or a run from the provider; nil if it has none.
  func requestPages(_ bytes: UInt, _ alignment: UInt) -> UInt? {
    let provider = pointee.provider
    var memory: UnsafeMutableRawPointer?
    if !Build.isSmall, bytes != page.size, let allocateRun = provider.allocateRun, provider.givesRuns {
      memory = unlocked {
        allocateRun(provider.context, Int(bitPattern: bytes), Int(bitPattern: alignment))
      }
    } else if let allocate = provider.allocate {
      memory = unlocked { allocate(provider.context, Int(bitPattern: bytes)) }
    }
    return memory.map { UInt(bitPattern: $0) }
  }

  /// Gives pages back to the provider. The zone must have forgotten them before. Nothing happens without a provider.
  @inline(never) func releasePages(_ address: UInt, _ bytes: UInt) {
    guard pointee.provider.release != nil else { return }
    let gate = pointee.gate
    guard !Build.isSmall, let gate else { return release(address, bytes) }
    gate.unlocked {
      gate.pointee.quiesce?(gate.pointee.group)
      release(address, bytes)
    }
  }

  /// The part of `releasePages` that runs without a lock.
  func release(_ address: UInt, _ bytes: UInt) {
    let provider = pointee.provider
    guard let release = provider.release, let memory = UnsafeMutableRawPointer(bitPattern: address) else { return }
    let isPage = bytes == page.size || !Build.isSmall && bytes == PageSize.large.size && !provider.givesRuns
    if Build.isSmall || isPage {
      release(provider.context, memory, Int(bitPattern: bytes))
    } else if let releaseRun = provider.releaseRun {
      releaseRun(provider.context, memory, Int(bitPattern: bytes))
    } else {
      // A pushed run goes to a provider that knows single pages.
      for offset in stride(from: 0, to: Int(bitPattern: bytes), by: page.bytes) {
        release(provider.context, memory + offset, page.bytes)
      }
    }
  }

  /// Gives back pages that the zone cannot use, unless an allocator already owns them.
  func returnUnusable(_ address: UInt, _ bytes: UInt, _ status: Status) {
    if status != .ok && status != .pageOwned { releasePages(address, bytes) }
  }

  /// Counts pages of slabs and objects. A large page counts as such where no runs are to be had.
  func countTaken(_ bytes: UInt) {
    if isLargePage(bytes) { pointee.ledger.take(.large) } else { pointee.ledger.take(pages: pages(bytes)) }
  }

  func countGivenBack(_ bytes: UInt) {
    if isLargePage(bytes) { pointee.ledger.giveBack(.large) } else { pointee.ledger.giveBack(pages: pages(bytes)) }
  }

  private func pages(_ bytes: UInt) -> UInt { bytes &>> UInt(page.shift) }

  func isLargePage(_ bytes: UInt) -> Bool {
    !Build.isSmall && bytes == PageSize.large.size && !pointee.provider.givesRuns
  }
}
