import CSlabmalloc

/// Pages of a cache with a constructor. The objects of a page are constructed before the directory leads to them, and
/// before any of them can be allocated:
///
///     nobody owns the page -> carve, seal -> construct -> in the directory, bin.add
///                                                      -> refused: unseal, given back
///
/// The seal keeps others from taking the page meanwhile. A page that cannot enter the directory at last is given back
/// too, and its objects are destroyed before.
///
/// The functions of the client run without a lock. While a constructor runs, the policy has a record of it: a call that
/// needs another page is refused as reentrant, and so is the end of the zone.
///
/// In a hardened zone a slot must be clear while it is free. Its objects are constructed at each allocation and
/// destroyed at each deallocation instead; see Zone+HardenedConstructed.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// The constructor of a cache that has one.
  @inline(__always) var constructor: Constructor? { Build.isSmall ? nil : pointee.policy?.pointee.constructor }

  /// Whether this cache's constructor runs, for this context or for any.
  func isConstructing(for context: UInt? = nil) -> Bool {
    guard !Build.isSmall, let policy = pointee.policy, policy.pointee.constructor != nil else { return false }
    return policy.locked { policy.pointee.constructing.has(context) }
  }

  /// Runs the body, which calls the constructor, with a record of it and without the lock.
  func asConstructing(_ body: () -> Bool) -> Bool {
    guard let policy = pointee.policy else { return false }
    var pull = Pull(context: context)
    return withUnsafeMutablePointer(to: &pull) { pull in
      policy.locked { policy.pointee.constructing.add(pull) }
      let result = unlockedSlowly(body)
      policy.locked { policy.pointee.constructing.remove(pull) }
      return result
    }
  }

  /// Takes in pages that can be a slab of the bin, and constructs its objects.
  @inline(never) func takeIn(
    _ address: UInt, _ bytes: UInt, for bin: BinPointer, _ constructor: Constructor
  ) -> Status {
    guard let directory = pointee.directory else { return .notInitialized }
    if directory.locked({ directory.holdsAny(address, bytes) }) || isSealed(endingAt: address &+ bytes) {
      return .pageOwned
    }
    let slab = SlabPointer.ending(with: address &+ bytes &- 1)
    carve(slab, from: address, for: bin)
    let (count, size) = (UInt(slab.pointee.slotCount), slab.slotSize)
    let isConstructed = asConstructing { constructor.constructAll(from: address, count: count, size) }
    guard isConstructed else {
      slab.pointee.seal = 0
      return .constructorFailed
    }
    let status = enter(address, bytes, to: bin, constructed: slab)
    if status == .ok { return .ok }
    slab.pointee.seal = 0
    destroyObjects(slab, constructor)
    return status
  }

  /// Destroys the objects of a slab that has left the zone.
  @inline(__always) func destroyObjects(_ slab: SlabPointer) {
    if let constructor, !isHardened { destroyObjects(slab, constructor) }
  }

  /// Destroys objects of a slab that is not in the zone yet, from an index on. The slab has fewer slots from now on.
  @inline(__always) func destroyObjects(_ slab: SlabPointer, from index: UInt) {
    if let constructor { destroyObjects(slab, constructor, from: index) }
  }

  @inline(never) private func destroyObjects(_ slab: SlabPointer, _ constructor: Constructor, from index: UInt = 0) {
    let (size, count) = (slab.slotSize, UInt(slab.pointee.slotCount) &- index)
    let start = slab.slot(index)
    slab.pointee.slotCount = UInt32(truncatingIfNeeded: index)
    unlockedSlowly { constructor.destroyAll(from: start, count: count, size) }
  }

  /// Destroys the objects of a slab of a zone that has ended, without a lock. In a hardened zone only live objects are
  /// constructed.
  @inline(never) func destroyObjects(_ slab: SlabPointer, atEndBy constructor: Constructor, isHardened: Bool) {
    let (count, size) = (UInt(slab.pointee.slotCount), slab.slotSize)
    guard isHardened else { return constructor.destroyAll(from: slab.pointee.start, count: count, size) }
    guard slab.pointee.owner <= pointee.lastOwner, slab.isIntact(sibling(slab.pointee.owner).hardeningPlace) else {
      return
    }
    for index in 0..<count {
      let word = slab.word(SlotWord.word(ofSlot: index)).pointee
      guard word.freeSlots &>> SlotWord.bit(ofSlot: index) & 1 == 0 else { continue }
      constructor.destroy(slab.slot(index), size &- Canary.size)
    }
  }
}
