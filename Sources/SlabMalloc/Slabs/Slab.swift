/// A slab: a page carved into slots of one size. This is its descriptor, the last bytes of the page.
///
///     offset
///       0  summary        bit i set = word i has a free slot
///      16  nextInBucket   list of a page map's bucket
///      24  seal           says that an allocator owns the page
///      32  reciprocal     ┐ 2^64 / slotSize, rounded up
///      40  slotCount      │
///      48  words          │ the slot words, right before the descriptor
///      56  used           │ what every deallocation reads: one cache line,
///      60  binIndex       │ the last of the page
///      61  state          │
///      62  wordCount      │
///      63  pageShift      │
///      64  next           │ list of a bin
///      72  previous       │
///      80  slotSize       ┘
///
/// used = slotCount - bits set in the `free` halves of its words. So pending slots, which the bin holds ready, count as
/// used; live slots = used - bits set in the `pending` halves, of which at most one is not 0.
struct Slab {
  var summary: (UInt64, UInt64)
  var nextInBucket: SlabPointer?
  var seal: UInt
  var reciprocal: UInt
  var slotCount: UInt
  var words: UnsafeMutablePointer<SlotWord>
  var used: Int32
  var binIndex: UInt8
  var state: State
  var wordCount: UInt8
  var pageShift: UInt8
  var next: SlabPointer?
  var previous: SlabPointer?
  var slotSize: UInt
  var reserved: UInt = 0

  /// Which list of its bin a slab is in.
  enum State: UInt8 {
    /// In none: every slot is used.
    case full
    /// In none: its words are opened one after the other.
    case current
    /// In `partial`: some slots are free, some used.
    case partial
    /// In `empty`: all slots are free.
    case empty
  }
}

typealias SlabPointer = UnsafeMutablePointer<Slab>

/// The state of 64 slots: a slot is free if its bit is set in either half, never in both.
///
/// Deallocation sets bits in `free`. Allocation takes them from `pending`, a part of `free` moved over at once: so
/// neither waits for the other's last store, and both see every slot's exact state.
struct SlotWord {
  var free: UInt64
  var pending: UInt64

  @inline(__always) var freeSlots: UInt64 { free | pending }
}

extension UnsafeMutablePointer where Pointee == Slab {
  /// The descriptor of the page whose last byte is at an address; nil for 0. Only arithmetic: nothing is read.
  @inline(__always) static func ending(at last: UInt) -> SlabPointer? {
    last == 0 ? nil : endingUnchecked(at: last)
  }

  /// The same for an address that is known not to be 0.
  @inline(__always) static func endingUnchecked(at last: UInt) -> SlabPointer {
    // Not unwrapped: that would be a test for 0.
    unsafeBitCast(SlabPointer(bitPattern: last &+ 1 &- SlabGeometry.descriptorSize), to: SlabPointer.self)
  }

  /// The descriptor of the page around an address. Nothing is read.
  @inline(__always) static func around(_ address: UInt, pageMask: UInt) -> SlabPointer {
    endingUnchecked(at: address | pageMask)
  }

  /// The address of the page's last byte.
  @inline(__always) var pageEnd: UInt { address &+ SlabGeometry.descriptorSize &- 1 }

  @inline(__always) var address: UInt { UInt(bitPattern: self) }
  @inline(__always) var page: PageSize { PageSize(shift: pointee.pageShift) }
  @inline(__always) var pageAddress: UInt { address & ~page.mask }

  @inline(__always) func slot(_ index: UInt) -> UInt { pageAddress &+ index &* pointee.slotSize }

  /// What `seal` holds while a page is owned: tied to the address, so that a copy of the page is not taken for owned.
  @inline(__always) var ownedSeal: UInt { address ^ 0x51AB_5EA1 }

  /// Carves a page; all slots are free.
  func carve(page: PageSize, slotSize: UInt, binIndex: UInt8) {
    let geometry = SlabGeometry(slotSize: slotSize, page: page)
    let words = UnsafeMutableRawPointer(self).assumingMemoryBound(to: SlotWord.self) - Int(geometry.wordCount)
    initialize(
      to: Slab(
        summary: (lowBits(geometry.wordCount), geometry.wordCount > 64 ? lowBits(geometry.wordCount - 64) : 0),
        nextInBucket: pointee.nextInBucket, seal: ownedSeal, reciprocal: UInt.max / slotSize + 1,
        slotCount: geometry.slotCount, words: words, used: 0, binIndex: binIndex, state: .empty,
        wordCount: UInt8(geometry.wordCount), pageShift: page.shift, next: nil, previous: nil, slotSize: slotSize))
    for word in 0..<Int(geometry.wordCount) {
      words[word] = SlotWord(free: lowBits(geometry.slotCount - UInt(word) * 64), pending: 0)
    }
  }

  /// Whether the pending half of one of the words is at an address.
  @inline(__always) func hasWord(withPendingAt pending: UnsafeMutablePointer<UInt64>) -> Bool {
    let offset = UInt(bitPattern: pending) &- UInt(bitPattern: pointee.words)
    return offset < UInt(pointee.wordCount) &* SlabGeometry.wordSize
  }

  @inline(__always) func word(withPendingAt pending: UnsafeMutablePointer<UInt64>) -> UInt {
    (UInt(bitPattern: pending) &- UInt(bitPattern: pointee.words)) / SlabGeometry.wordSize
  }
}

/// A word with its `count` lowest bits set; all of them from 64 on.
@inline(__always) func lowBits(_ count: UInt) -> UInt64 {
  count >= 64 ? UInt64.max : (1 &<< UInt64(count)) &- 1
}
