import CSlabPort
import CSlabmalloc

/// A hardened cache with a constructor. Its free slots are clear, so an object is constructed when it is allocated, and
/// destroyed when it is deallocated, before its slot is cleared:
///
///     allocate   -> claim, canary -> construct -> refused: back to the quarantine
///     deallocate -> all checks -> set aside -> destroy -> canary again, clear, quarantine
///
/// A slot whose object is being destroyed is set aside: it is not live, and a second deallocation finds it free.
/// `Hardening.ending` counts these slots.
extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Constructs an object that was just allocated. If the constructor refuses, the slot is free again.
  @inline(never) func constructObject(
    _ memory: UnsafeMutableRawPointer, _ hardening: HardeningPointer, _ status: inout Status
  ) -> UnsafeMutableRawPointer? {
    guard let constructor else { return memory }
    let (address, size) = (bits(memory), objectSize)
    if asPull(.constructing, { unlockedSlowly { constructor.construct(address, size) } }) { return memory }
    status = .constructorFailed
    // The constructor may have overwritten the canary. Then the slot stays used, as after any overflow.
    if let slab = lookUp(address, status: &status) { _ = deallocateHardened(slab, address, hardening) }
    status = .constructorFailed
    hardening.pointee.failure = status
    return nil
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
  let index = slab.slot(at: address).index
  let word = slab.word(SlotWord.word(ofSlot: index))
  let size = zone.objectSize
  slab.setAside(index)
  hardening.pointee.ending &+= 1
  zone.unlockedSlowly { constructor.destroy(address, size) }
  // The destructor may have ended the zone.
  guard zone.isInitialized else { return .opaqueOK }
  hardening.pointee.ending &-= 1
  word.pointee.setAside &= ~(1 &<< SlotWord.bit(ofSlot: index))
  return zone.deallocateHardened(slab, address, hardening)
}
