import Synchronization

/// Memory that is read and written both plainly and atomically, such as the marks of a slab.
///
/// A field that is always atomic is an `Atomic` of its struct. The bytes of an array have no such field: their owner
/// changes them with plain instructions, and other threads use this view of the same bytes. An `Atomic` has the size,
/// the alignment and the bits of its value.
@inline(__always) func atomic<Word>(_ word: UnsafeMutablePointer<Word>) -> UnsafeMutablePointer<Atomic<Word>> {
  UnsafeMutableRawPointer(word).assumingMemoryBound(to: Atomic<Word>.self)
}
