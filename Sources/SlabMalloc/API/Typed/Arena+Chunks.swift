/// The start of each chunk of an arena.
@usableFromInline
struct ArenaChunk {
  /// The chunk that was filled before this one.
  @usableFromInline var former: UnsafeMutablePointer<ArenaChunk>?
  /// Bytes of the chunk, this struct included.
  @usableFromInline let size: Int

  @usableFromInline
  init(former: UnsafeMutablePointer<ArenaChunk>?, size: Int) {
    self.former = former
    self.size = size
  }

  @usableFromInline static var alignment: Int { 16 }
  /// Bytes of the struct, rounded up so that objects behind it are aligned to 16.
  @usableFromInline static var headerBytes: Int { 16 }
  @usableFromInline static func layout(_ size: Int) -> Layout { Layout(size: size, alignment: alignment) }
}

/// The state of an arena. It lies in the first chunk, so that an arena that is borrowed can allocate.
@usableFromInline
struct ArenaHead {
  /// The first free byte, and the end of the chunk.
  @usableFromInline var next: UInt
  @usableFromInline var end: UInt
  /// The latest chunk. It is the largest too, unless the source refused one of twice the size.
  @usableFromInline var chunk: UnsafeMutablePointer<ArenaChunk>
  @usableFromInline let first: UnsafeMutablePointer<ArenaChunk>
  /// The first free byte of the first chunk, behind this struct.
  private let firstFree: UInt

  init(_ first: UnsafeMutablePointer<ArenaChunk>, firstFree: UInt) {
    self.first = first
    self.firstFree = firstFree
    (chunk, next, end) = (first, firstFree, bits(first) + UInt(first.pointee.size))
  }

  /// Bytes of the struct, rounded up so that objects behind it are aligned to 16.
  static var bytes: Int { (MemoryLayout<ArenaHead>.size + 15) & ~15 }

  /// Goes on in a new chunk. What is left of the former one stays unused until the reset.
  @usableFromInline
  mutating func add(_ new: UnsafeMutablePointer<ArenaChunk>) {
    chunk = new
    next = bits(new) + UInt(ArenaChunk.headerBytes)
    end = bits(new) + UInt(new.pointee.size)
  }

  /// The largest chunk of all.
  var largest: UnsafeMutablePointer<ArenaChunk> {
    var largest = chunk
    var next = chunk.pointee.former
    while let former = next {
      if former.pointee.size > largest.pointee.size { largest = former }
      next = former.pointee.former
    }
    return largest
  }

  /// Starts again in a chunk, which is the latest from now on.
  mutating func restart(in chunk: UnsafeMutablePointer<ArenaChunk>) {
    self.chunk = chunk
    next = chunk == first ? firstFree : bits(chunk) + UInt(ArenaChunk.headerBytes)
    end = bits(chunk) + UInt(chunk.pointee.size)
  }
}
