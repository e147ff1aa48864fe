import CSlabPort
import CSlabmalloc

/// A hardened cache with a constructor. Its free slots are clear, so an object is constructed when it is allocated, and
/// destroyed when it is deallocated, before its slot is cleared:
///
///     allocate   -> claim, canary, set aside -> construct -> live
///                                                         -> refused: back to the quarantine
///     deallocate -> all checks, set aside -> destroy -> canary again, clear, quarantine
///
/// A slot whose object is being constructed or destroyed is set aside: it is not live, and a deallocation finds it
/// free. `Hardening.changing` counts these slots.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Constructs an object that was just allocated. If the constructor refuses, the slot is free again.
  @inline(never) func constructObject(
    _ memory: UnsafeMutableRawPointer, _ hardening: HardeningPointer, _ status: inout Status
  ) -> UnsafeMutableRawPointer? {
    let (address, size) = (bits(memory), objectSize)
    guard let constructor, let slab = slab(around: address) else { return memory }
    var isConstructed = false
    whileSetAside(slab, address, hardening) {
      isConstructed = asConstructing { constructor.construct(address, size) }
    }
    if isConstructed { return memory }
    // The constructor may have overwritten the canary. Then the slot stays used, as after any overflow.
    if let slab = lookUp(address, status: &status) { _ = deallocateHardenedByCall(slab, address, hardening) }
    status = .constructorFailed
    hardening.pointee.failure = status
    return nil
  }

  /// Runs the body while a used slot is not live. False if the body ended the zone.
  @discardableResult fileprivate func whileSetAside(
    _ slab: SlabPointer, _ address: UInt, _ hardening: HardeningPointer, _ body: () -> Void
  ) -> Bool {
    let index = slab.slot(at: address).index
    slab.setAside(index)
    hardening.pointee.changing &+= 1
    body()
    guard isInitialized else { return false }
    hardening.pointee.changing &-= 1
    slab.word(SlotWord.word(ofSlot: index)).pointee.setAside &= ~(1 &<< SlotWord.bit(ofSlot: index))
    return true
  }
}

extension UnsafeMutablePointer where Pointee == ZoneState {
  /// The same as `deallocateHardened`, for callers that call a function of the client anyway.
  @inline(never) fileprivate func deallocateHardenedByCall(
    _ slab: SlabPointer, _ address: UInt, _ hardening: HardeningPointer
  ) -> Status {
    deallocateHardened(slab, address, hardening)
  }
}

/// Deallocates an object of a hardened cache with a constructor.
@c(slm_core_zone_deallocate_constructed)
@inline(never)
@usableFromInline
func zoneDeallocateConstructed(_ zone: UnsafeMutableRawPointer, _ address: UInt) -> Status {
  let zone = zone.assumingMemoryBound(to: ZoneState.self)
  var status = Status.ok
  guard let slab = zone.lookUpIntact(address, status: &status) else { return status }
  guard let constructor = zone.constructor, let hardening = zone.pointee.hardening else { return .notInitialized }
  let size = zone.objectSize
  let isThere = zone.whileSetAside(slab, address, hardening) {
    zone.unlockedSlowly { constructor.destroy(address, size) }
  }
  // The destructor may have ended the zone.
  return isThere ? zone.deallocateHardenedByCall(slab, address, hardening) : .opaqueOK
}
