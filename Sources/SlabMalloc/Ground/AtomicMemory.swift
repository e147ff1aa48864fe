import Synchronization

/// Memory that is read and written both plainly and atomically, such as the marks of a slab.
///
/// A field that is always atomic is an `Atomic` of its struct. The bytes of an array have no such field: their owner
/// changes them with plain instructions, and other threads use this view of the same bytes. An `Atomic` has the size,
/// the alignment and the bits of its value.
@inline(__always) func atomic<Word>(_ word: UnsafeMutablePointer<Word>) -> UnsafeMutablePointer<Atomic<Word>> {
  UnsafeMutableRawPointer(word).assumingMemoryBound(to: Atomic<Word>.self)
}

/// Reads an `Atomic<UInt>` of which whoever reads it then reads what was written before it: an acquiring load.
///
/// On x86 every load is one, and a plain load is part of the instruction that uses the value. The compiler gives an
/// atomic load an instruction of its own. A word that is aligned is read as a whole either way.
/// ThreadSanitizer sees the atomic load.
@inline(__always) func loadFolded(_ word: UnsafeRawPointer) -> UInt {
  #if arch(x86_64) && !SLM_THREAD_SANITIZER
    word.load(as: UInt.self)
  #else
    word.assumingMemoryBound(to: Atomic<UInt>.self).pointee.load(ordering: .acquiring)
  #endif
}

/// The same without an order: for a word of which the caller looks for nothing but what its own thread wrote.
@inline(__always) func loadFoldedRelaxed(_ word: UnsafeRawPointer) -> UInt {
  #if arch(x86_64) && !SLM_THREAD_SANITIZER
    word.load(as: UInt.self)
  #else
    word.assumingMemoryBound(to: Atomic<UInt>.self).pointee.load(ordering: .relaxed)
  #endif
}
