import Synchronization

/// Whose a slab is, and how many of its slots others have freed since the owner collected last. One word, which changes by one
/// atomic operation, since a slab may be given up only while nothing waits to be collected:
///
///     | remote frees: 16 bits | owner: 48 bits |
///
/// - a heap: it alone allocates from the slab, frees locally, collects, lists, and gives the slab up;
/// - nobody: the slab is full, or an orphan. Who frees a slot of it adopts it;
/// - no slab: a run that nobody may become the owner of.
///
/// Who makes the number non-zero is the slab's notifier. Until the owner collects, the owner stays who it is.
struct Owner {
  let word: UInt

  static var nobody: Self { Self(word: 0) }
  static var noSlab: Self { Self(word: 1) }
  @inline(__always) static func heap(_ heap: HeapPointer) -> Self { Self(word: heap.address) }

  static let oneRemoteFree: UInt = 1 << 48
  static let mask: UInt = oneRemoteFree - 1

  @inline(__always) var remoteFrees: UInt { word >> 48 }
  /// The same without the number.
  @inline(__always) var alone: UInt { word & Self.mask }
  @inline(__always) var isNobody: Bool { alone == 0 }
  @inline(__always) var isNoSlab: Bool { alone == Self.noSlab.word }
  /// nil if it is none.
  @inline(__always) var heap: HeapPointer? { isNoSlab ? nil : HeapPointer(bitPattern: alone) }
}

extension UnsafeMutablePointer where Pointee == PageRun {
  /// Whether a heap owns the slab and no remote frees wait.
  @inline(__always) func isOwned(by heap: HeapPointer) -> Bool {
    owner.pointee.load(ordering: .relaxed) == heap.address
  }

  @inline(__always) var currentOwner: Owner { Owner(word: owner.pointee.load(ordering: .acquiring)) }

  /// Adds a remote free. Returns the owner and the number before.
  @inline(__always) func addRemoteFree() -> Owner {
    Owner(word: owner.pointee.wrappingAdd(Owner.oneRemoteFree, ordering: .acquiringAndReleasing).oldValue)
  }

  /// Takes a remote free back that was added to what is no slab any more.
  func cancelRemoteFree() {
    var now = currentOwner
    while now.isNoSlab, now.remoteFrees > 0 {
      let (isDone, found) = owner.pointee.compareExchange(
        expected: now.word, desired: now.word - Owner.oneRemoteFree, ordering: .acquiringAndReleasing)
      if isDone { return }
      now = Owner(word: found)
    }
  }

  /// Makes the number of remote frees 0 and returns it.
  func takeRemoteFrees() -> UInt {
    Owner(word: owner.pointee.bitwiseAnd(Owner.mask, ordering: .acquiringAndReleasing).oldValue).remoteFrees
  }

  /// Makes a heap the owner if nobody is. Returns who was it already, which may be the same heap.
  func takeOver(_ heap: HeapPointer) -> Owner? {
    var now = currentOwner
    while now.isNobody {
      let (isDone, found) = owner.pointee.compareExchange(
        expected: now.word, desired: now.word | heap.address, ordering: .acquiringAndReleasing)
      if isDone { return nil }
      now = Owner(word: found)
    }
    return now
  }

  /// Makes somebody else the owner, or nobody. False if remote frees wait: then the heap stays it, and will be told.
  func pass(from heap: HeapPointer, to new: Owner) -> Bool {
    // Before, as afterwards the slab may be another's.
    let bin = self.bin
    self.bin = .nobodys
    let (isPassed, _) = owner.pointee.compareExchange(
      expected: heap.address, desired: new.word, ordering: .acquiringAndReleasing)
    if !isPassed { self.bin = bin }
    return isPassed
  }
}
