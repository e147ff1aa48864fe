import Synchronization

/// Whose a slab is, and how many of its slots other threads freed since the owner last collected.
///
/// Both are in one word, which changes by one atomic operation, since a slab may change its owner only while nothing
/// waits to be collected:
///
///     | waiting remote frees: 16 bits | owner: 48 bits |
///
/// - a heap: it alone allocates from the slab, frees locally, collects, lists the slab and gives it up;
/// - nobody: the slab is full, or an orphan. A thread that frees a slot of it adopts it;
/// - no slab: the run is none, and nobody may become its owner.
///
/// The thread that makes the number non-zero is the slab's notifier. Until the owner collects, the owner stays the
/// same.
struct Owner {
  let word: UInt

  static var nobody: Self { Self(word: 0) }
  static var noSlab: Self { Self(word: PageRun.noSlab) }
  @inline(__always) static func heap(_ heap: HeapPointer) -> Self { Self(word: heap.address) }

  static let oneRemoteFree: UInt = 1 << 48
  static let mask: UInt = oneRemoteFree - 1

  @inline(__always) var remoteFrees: UInt { word >> 48 }
  /// Of the word before a remote free was added: it is the first, or a 64th. Whoever counts it tells the owner of the
  /// first, and collects what was freed in slabs of its own: as often as by a counter of each thread, which would cost
  /// each remote free some instructions.
  @inline(__always) var isOneIn64: Bool { remoteFrees & 63 == 0 }
  /// The same without the number.
  @inline(__always) var alone: UInt { word & Self.mask }
  @inline(__always) var isNobody: Bool { alone == 0 }
  @inline(__always) var isNoSlab: Bool { alone == PageRun.noSlab }
  /// nil if the owner is no heap.
  @inline(__always) var heap: HeapPointer? { isNoSlab ? nil : HeapPointer(bitPattern: alone) }
}

extension UnsafeMutablePointer where Pointee == PageRun {
  /// Whether a heap owns the slab and no remote frees wait.
  @inline(__always) func isOwned(by heap: HeapPointer) -> Bool {
    loadFoldedRelaxed(raw) == heap.address
  }

  /// Whether a heap owns the slab, though remote frees may wait.
  @inline(__always) func isOwnedOrWaits(_ heap: HeapPointer) -> Bool {
    Owner(word: loadFoldedRelaxed(raw) ^ heap.address).isNobody
  }

  @inline(__always) var currentOwner: Owner { Owner(word: pointee.owner.load(ordering: .acquiring)) }

  /// Adds a remote free. Returns the owner and the number before.
  @inline(__always) func addRemoteFree() -> Owner {
    Owner(word: pointee.owner.wrappingAdd(Owner.oneRemoteFree, ordering: .acquiringAndReleasing).oldValue)
  }

  /// Takes back a remote free that was added to a run that is no slab any more.
  func cancelRemoteFree() {
    var now = currentOwner
    while now.isNoSlab, now.remoteFrees > 0 {
      let (isDone, found) = pointee.owner.compareExchange(
        expected: now.word, desired: now.word - Owner.oneRemoteFree, ordering: .acquiringAndReleasing)
      if isDone { return }
      now = Owner(word: found)
    }
  }

  /// Makes the number of remote frees 0 and returns it.
  func takeRemoteFrees() -> UInt {
    Owner(word: pointee.owner.bitwiseAnd(Owner.mask, ordering: .acquiringAndReleasing).oldValue).remoteFrees
  }

  /// Makes a heap the owner if nobody is. Returns who was the owner already, which may be the same heap.
  func takeOver(_ heap: HeapPointer) -> Owner? {
    var now = currentOwner
    while now.isNobody {
      let (isDone, found) = pointee.owner.compareExchange(
        expected: now.word, desired: now.word | heap.address, ordering: .acquiringAndReleasing)
      if isDone { return nil }
      now = Owner(word: found)
    }
    return now
  }

  /// Makes another the owner, or nobody. False if remote frees wait: the heap stays the owner, and is notified of them.
  func pass(from heap: HeapPointer, to new: Owner) -> Bool {
    // The bin first: afterwards the slab may be another heap's.
    let bin = self.bin
    self.bin = .nobodys
    let (isPassed, _) = pointee.owner.compareExchange(
      expected: heap.address, desired: new.word, ordering: .acquiringAndReleasing)
    if !isPassed { self.bin = bin }
    return isPassed
  }
}
