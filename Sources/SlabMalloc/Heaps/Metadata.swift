/// Memory for what heaps know of themselves: heaps, and the marks and words of slabs. In whole cache lines, far from what programs
/// write. It is taken from the metadata of the newest reserve, and never given back: each block waits for the next of its size.
struct Metadata {
  var next: UInt
  /// Up to here it is usable.
  var limit: UInt
  var end: UInt
  /// Blocks that were given back, by lines; linked by their first word.
  var free: InlineArray<128, UInt>

  static let line: UInt = 64

  static func lines(_ bytes: UInt) -> UInt { (bytes + line - 1) / line }
}

extension UnsafeMutablePointer where Pointee == ProcessHeap {
  /// A block of so many lines; its content doesn't matter. The lock is held.
  func takeMetadata(lines: UInt) -> UInt? {
    if lines < 128, pointee.metadata.free[Int(lines)] != 0 {
      let block = pointee.metadata.free[Int(lines)]
      pointee.metadata.free[Int(lines)] = UnsafePointer<UInt>(bitPattern: block).unsafelyUnwrapped.pointee
      return block
    }
    let bytes = lines * Metadata.line
    if pointee.metadata.next + bytes > pointee.metadata.limit, !growMetadata(bytes) { return nil }
    let block = pointee.metadata.next
    pointee.metadata.next += bytes
    return block
  }

  func giveBackMetadata(_ block: UInt, lines: UInt) {
    UnsafeMutablePointer<UInt>(bitPattern: block).unsafelyUnwrapped.pointee = pointee.metadata.free[Int(lines)]
    pointee.metadata.free[Int(lines)] = block
  }

  private func growMetadata(_ bytes: UInt) -> Bool {
    // 256 KiB at once: untouched parts take no memory.
    let wanted = roundUp(pointee.metadata.next + bytes, to: 256 << 10)
    let new = wanted < pointee.metadata.end ? wanted : pointee.metadata.end
    guard new >= pointee.metadata.next + bytes, new > pointee.metadata.limit else { return false }
    let start = UnsafeMutableRawPointer(bitPattern: pointee.metadata.limit).unsafelyUnwrapped
    guard pointee.system.commit(start, Int(new - pointee.metadata.limit)) == 0 else { return false }
    pointee.metadata.limit = new
    return true
  }
}
