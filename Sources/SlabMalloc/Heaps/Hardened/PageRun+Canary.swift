import CSlabPort
import Synchronization

/// The end of a slot in a hardened heap: the slack, which is no part of the object, and the canary, which says how long
/// the slack is.
///
///     | object: the bytes that were asked for | slack: 0 ... | canary |
///                                                              word of the slab's key and its own address,
///                                                              xor length of the slack * factor, shifted by a byte
///
/// The factor scatters the lengths over all bits but the lowest byte, which stays 0. A word that was written is no
/// canary of any possible length, but once in 2^39 times.
///
/// The slack is guarded until a program asks how many bytes it may use: from then on the slack is the object's.
extension UnsafeMutablePointer where Pointee == PageRun {
  /// Bytes of slack that are looked at: the first ones.
  @inline(__always) private static var guardedSlack: UInt { 32 }

  /// Of this hardened slab: set when it is carved, and only read afterwards.
  @inline(__always) var canaryKey: UInt {
    get { pointee.content }
    nonmutating set { pointee.content = newValue }
  }

  /// Ends a slot of a size whose object has so many bytes.
  @inline(__always) func setCanary(_ address: UInt, _ slotSize: UInt, objectSize: UInt) {
    let place = Canary.place(address, slotSize)
    let slack = slotSize &- Canary.size &- objectSize
    place.pointee = Canary.word(canaryKey, at: UInt(bitPattern: place)) ^ (slack &* SlackFactor.factor) &<< 8
  }

  /// Bytes between an object and its canary; more than a slot has if the canary was overwritten. Loads that follow come
  /// after this one.
  @inline(__always) func slack(_ address: UInt, _ slotSize: UInt) -> UInt {
    let place = Canary.place(address, slotSize)
    let code = atomic(place).pointee.load(ordering: .acquiring) ^ Canary.word(canaryKey, at: UInt(bitPattern: place))
    // Opaque, because the compiler would multiply twice and not rotate.
    let turned = slm_port_opaque(code &* SlackFactor.inverse)
    return turned &>> 8 | turned &<< (0 &- 8)
  }

  /// Whether the canary is intact, and the slack too, of which the first bytes are looked at.
  @inline(__always) func isIntact(_ address: UInt, _ slotSize: UInt) -> Bool {
    let slack = slack(address, slotSize)
    guard slack != 0 else { return true }
    let end = address &+ slotSize &- Canary.size
    if _fastPath(slack <= 8) { return word(end &- 8) &>> (0 &- slack &* 8) == 0 }
    let start = end &- slack
    guard slack >= 16 else { return word(start) | word(end &- 8) == 0 }
    guard slack <= slotSize &- Canary.size else { return false }
    let last = min(end, start &+ Self.guardedSlack) &- 16
    return word(start) | word(start &+ 8) | word(last) | word(last &+ 8) == 0
  }

  @inline(__always) private func word(_ address: UInt) -> UInt {
    UnsafeRawPointer(bitPattern: address).unsafelyUnwrapped.loadUnaligned(as: UInt.self)
  }

  /// Gives a live object of this run, if it is a hardened slab, so many bytes of its slot. Bytes that it no longer has
  /// become slack, and all slack is 0: the object may grow again. What was written past it stays, for its deallocation
  /// to detect.
  func setObjectSize(_ address: UInt, _ size: UInt) {
    let slotSize = UInt(pointee.slotSize)
    guard pointee.kind == .slab, isHardened, !isOfEmptyObjects, isIntact(address, slotSize) else { return }
    let old = slotSize - Canary.size - slack(address, slotSize)
    if size < old, let end = UnsafeMutableRawPointer(bitPattern: address + size) {
      end.initializeMemory(as: UInt8.self, repeating: 0, count: Int(old - size))
    }
    setCanary(address, slotSize, objectSize: size)
  }
}

/// An odd number, and the one that it gives 1 with as a product.
enum SlackFactor {
  @inline(__always) static var factor: UInt { 0x9E37_79B9_7F4A_7C15 }
  @inline(__always) static var inverse: UInt { 0xF1DE_83E1_9937_733D }
}
