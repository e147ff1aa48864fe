import CSlabmalloc

/// Pages lent: a zone gives empty pages to caches that are made on it, as their page provider.
///
///     zone <- provider           slots of the zone
///       |
///       +- lent -> cache         slots of the cache
///
/// The zone's directory does not know lent pages, because they are the cache's. They still count to the zone's limits
/// and to its ledger: `Policy.lent` has its share of the pages taken and given back, for all CPUs together.
///
///     pages held = pages of slabs and runs + pages of cells + pages lent
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Takes empty pages out of the zone, to be lent. Without any, takes them from the provider.
  func lend(_ bytes: UInt, alignment: UInt, nowait: Bool) -> UInt? {
    guard isInitialized, pointee.provider.release != nil else { return nil }
    var address = lendEmpty(bytes, alignment)
    if address != nil || nowait { return address }
    let status = pulling { lendFromProvider(bytes, alignment, &address) }
    if status != .ok {
      _ = supplyByShrinking(status, bytes: bytes) {
        // A shrinker may have emptied a page.
        address = lendEmpty(bytes, alignment)
        return address == nil ? pulling { lendFromProvider(bytes, alignment, &address) } : .ok
      }
    }
    return address
  }

  private func lendEmpty(_ bytes: UInt, _ alignment: UInt) -> UInt? {
    guard let policy = pointee.policy, let address = takeEmptyPage(bytes, isMoving: true) else { return nil }
    countLent(bytes, policy)
    guard address & (alignment &- 1) != 0 else { return address }
    _ = takeBack(address, bytes)
    return nil
  }

  private func lendFromProvider(_ bytes: UInt, _ alignment: UInt, _ lent: inout UInt?) -> Status {
    var status = Status.ok
    guard let policy = pointee.policy, let address = requestPages(bytes, alignment, &status) else { return status }
    status = .notInitialized
    if isInitialized, let directory = pointee.directory {
      if !canBeRun(address, bytes, alignment: alignment) {
        status = .badPage
      } else if directory.locked({ directory.holdsAny(address, bytes) }) || isSealed(endingAt: address &+ bytes) {
        status = .pageOwned
      } else {
        status = .ok
      }
    }
    returnUnusable(address, bytes, status)
    guard status == .ok else { return status }
    countLent(bytes, policy)
    notePeak()
    lent = address
    return .ok
  }

  private func countLent(_ bytes: UInt, _ policy: PolicyPointer) {
    policy.locked {
      count(bytes) {
        policy.pointee.lent.take($0)
      } pages: {
        policy.pointee.lent.take(pages: $0)
      }
    }
  }

  /// Takes back pages that were lent, and gives them to the provider. False if they cannot be such pages.
  func takeBack(_ address: UInt, _ bytes: UInt) -> Bool {
    guard isInitialized, let policy = pointee.policy, let directory = pointee.directory,
      canBeRun(address, bytes, alignment: page.size), !directory.locked({ directory.holdsAny(address, bytes) })
    else { return false }
    let isLent = policy.locked {
      let lent = policy.pointee.lent
      var isLent = false
      count(bytes) { _ in
        isLent = lent.largeTaken != lent.largeGivenBack
      } pages: {
        isLent = lent.baseTaken &- lent.baseGivenBack >= UInt64($0)
      }
      if isLent {
        count(bytes) {
          policy.pointee.lent.giveBack($0)
        } pages: {
          policy.pointee.lent.giveBack(pages: $0)
        }
      }
      return isLent
    }
    guard isLent else { return false }
    releasePages(address, bytes)
    return true
  }
}
