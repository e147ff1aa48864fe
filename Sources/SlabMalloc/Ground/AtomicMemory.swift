import Synchronization

/// Memory that is read and written both plainly and atomically, such as the marks of a slab.
///
/// A field that is always atomic is an `Atomic` of its struct. The bytes of an array have no such field: their owner
/// changes them with plain instructions, and other threads use this view of the same bytes. An `Atomic` has the size,
/// the alignment and the bits of its value.
@inline(__always) func atomic<Word>(_ word: UnsafeMutablePointer<Word>) -> UnsafeMutablePointer<Atomic<Word>> {
  UnsafeMutableRawPointer(word).assumingMemoryBound(to: Atomic<Word>.self)
}

/// Whether `loadFolded` reads plainly. On x86 every load is an acquiring one, and a plain load is part of the
/// instruction that uses the value, where the compiler gives an atomic load an instruction of its own. A word that is
/// aligned is read as a whole either way. ThreadSanitizer sees atomic loads.
private var foldsLoads: Bool {
  #if arch(x86_64) && !SLM_THREAD_SANITIZER
    true
  #else
    false
  #endif
}

/// Reads an `Atomic<UInt>` of which whoever reads it then reads what was written before it: an acquiring load.
@inline(__always) func loadFolded(_ word: UnsafeRawPointer) -> UInt {
  foldsLoads
    ? word.load(as: UInt.self) : word.assumingMemoryBound(to: Atomic<UInt>.self).pointee.load(ordering: .acquiring)
}

/// The same without an order: for a word of which the caller looks for nothing but what its own thread wrote.
@inline(__always) func loadFoldedRelaxed(_ word: UnsafeRawPointer) -> UInt {
  foldsLoads
    ? word.load(as: UInt.self) : word.assumingMemoryBound(to: Atomic<UInt>.self).pointee.load(ordering: .relaxed)
}
