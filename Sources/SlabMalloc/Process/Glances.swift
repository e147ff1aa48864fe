import Synchronization

/// Words that change under the process's lock, or by a slab's owner, and that others look at without.
@inline(__always) private func atomic<Word>(_ word: UnsafeMutablePointer<Word>) -> UnsafeMutablePointer<Atomic<Word>> {
  UnsafeMutableRawPointer(word).assumingMemoryBound(to: Atomic<Word>.self)
}

extension UnsafeMutablePointer where Pointee == ProcessHeap {
  @inline(__always) var base: UInt {
    get { atomic(withUnsafeMutablePointer(to: &pointee.base) { $0 }).pointee.load(ordering: .relaxed) }
    nonmutating set {
      atomic(withUnsafeMutablePointer(to: &pointee.base) { $0 }).pointee.store(newValue, ordering: .relaxed)
    }
  }
  /// Written after the other two, and read before them.
  @inline(__always) var extent: UInt {
    get { atomic(withUnsafeMutablePointer(to: &pointee.extent) { $0 }).pointee.load(ordering: .acquiring) }
    nonmutating set {
      atomic(withUnsafeMutablePointer(to: &pointee.extent) { $0 }).pointee.store(newValue, ordering: .releasing)
    }
  }
  @inline(__always) var table: UInt {
    get { atomic(withUnsafeMutablePointer(to: &pointee.table) { $0 }).pointee.load(ordering: .relaxed) }
    nonmutating set {
      atomic(withUnsafeMutablePointer(to: &pointee.table) { $0 }).pointee.store(newValue, ordering: .relaxed)
    }
  }
  var dirtyBytes: UInt {
    get { atomic(withUnsafeMutablePointer(to: &pointee.dirtyBytes) { $0 }).pointee.load(ordering: .relaxed) }
    nonmutating set {
      atomic(withUnsafeMutablePointer(to: &pointee.dirtyBytes) { $0 }).pointee.store(newValue, ordering: .relaxed)
    }
  }
  var nextPurge: UInt64 {
    get { atomic(withUnsafeMutablePointer(to: &pointee.nextPurge) { $0 }).pointee.load(ordering: .relaxed) }
    nonmutating set {
      atomic(withUnsafeMutablePointer(to: &pointee.nextPurge) { $0 }).pointee.store(newValue, ordering: .relaxed)
    }
  }
  func orphanCount(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt32>> {
    atomic(
      withUnsafeMutablePointer(to: &pointee.orphanCounts) {
        UnsafeMutableRawPointer($0).assumingMemoryBound(to: UInt32.self) + index
      })
  }
}

extension UnsafeMutablePointer where Pointee == PageRun {
  @inline(__always) var bin: HeapBinPointer {
    get {
      HeapBinPointer(
        bitPattern: atomic(raw.advanced(by: 32).assumingMemoryBound(to: UInt.self)).pointee.load(ordering: .relaxed)
      ).unsafelyUnwrapped
    }
    nonmutating set {
      atomic(raw.advanced(by: 32).assumingMemoryBound(to: UInt.self)).pointee.store(
        UInt(bitPattern: newValue), ordering: .relaxed)
    }
  }
}
