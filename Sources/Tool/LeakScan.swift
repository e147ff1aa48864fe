import Glibc

/// Finds the live objects that nothing points to, as LeakSanitizer does: whatever word has the address of an object, or
/// of a byte in it, counts as a pointer.
///
///     roots, registers, what the kernel keeps ──> objects ──> objects ──> ...           reached
///     what is left: lost. Each is flooded from in turn:
///       lost ──> lost ──> lost                                   direct ──> indirect ──> indirect
///
/// Objects of a heap that slm_heap_create() made go with the heap: all of them are reached where something points to
/// the heap. Objects are read slab by slab: one call of the system serves all of a slab that wait.
final class LeakScan {
  private let source: any Source
  let objects: LiveObjects
  private let onlyStarts: Bool
  private let progress: Progress
  /// Slots that are to be read, by block, and the blocks that have some.
  private var waiting: [[UInt32]]
  private var queue: [Int] = []
  /// The blocks of each explicit heap that is not reached yet.
  private var heaps: [UInt: [Int]] = [:]
  /// The place of the lost object that is flooded from.
  private var origin: Int?
  private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
  /// Bytes of roots that could not be read, such as those of devices.
  private(set) var unreadBytes: UInt = 0

  init(_ source: any Source, _ objects: LiveObjects, onlyStarts: Bool, _ progress: Progress) {
    self.source = source
    self.objects = objects
    self.onlyStarts = onlyStarts
    self.progress = progress
    waiting = Array(repeating: [], count: objects.blocks.count)
    for (index, block) in objects.blocks.enumerated() where block.heap != 0 {
      heaps[block.heap, default: []].append(index)
    }
  }

  deinit { buffer.deallocate() }

  /// Tags all objects.
  func run(_ roots: Roots, _ threads: [ThreadRegisters]) throws(ToolError) {
    for thread in threads {
      for word in thread.words { visit(word) }
    }
    if let process = source as? RunningProcess {
      for word in KernelPointers.all(of: process) { visit(word) }
    }
    for (range, isPrivate) in roots.ranges {
      let parts = WrittenPages.parts(of: range, isPrivate: isPrivate, in: source)
      for part in parts { readRoot(part) }
    }
    try flood()
    for (block, slot) in lost where objects.tag(block, slot) == LiveObjects.Tag.unreached {
      objects.setTag(block, slot, LiveObjects.Tag.direct)
      origin = objects.blocks[block].first + slot
      wait(block, slot)
      try flood()
    }
  }

  /// The objects that are not reached, by address.
  var lost: [(block: Int, slot: Int)] {
    var lost: [(block: Int, slot: Int)] = []
    for (index, block) in objects.blocks.enumerated() {
      for slot in 0..<block.slots {
        let tag = objects.tag(index, slot)
        if tag != LiveObjects.Tag.none, tag != LiveObjects.Tag.reached { lost.append((index, slot)) }
      }
    }
    return lost
  }

  @inline(__always) private func visit(_ word: UInt) {
    guard let block = objects.block(around: word) else { return }
    visit(word, in: block)
  }

  private func visit(_ word: UInt, in block: Int) {
    if objects.isMetadata(block) { return visitHeap(word) }
    guard let place = objects.place(word, in: block, onlyStarts: onlyStarts) else { return }
    let tag = objects.tags[place]
    guard tag == LiveObjects.Tag.unreached || tag == LiveObjects.Tag.direct else { return }
    tagAgain(tag, place, block)
  }

  private func tagAgain(_ tag: UInt8, _ place: Int, _ block: Int) {
    guard place != origin else { return }
    objects.tags[place] = origin == nil ? LiveObjects.Tag.reached : LiveObjects.Tag.indirect
    // What a direct one leads to is tagged already.
    if tag == LiveObjects.Tag.unreached { wait(block, objects.slot(block, at: place)) }
  }

  /// A pointer to a heap that slm_heap_create() made reaches all that is in it.
  private func visitHeap(_ word: UInt) {
    guard origin == nil, let blocks = heaps.removeValue(forKey: word) else { return }
    for block in blocks {
      for slot in 0..<objects.blocks[block].slots where objects.tag(block, slot) == LiveObjects.Tag.unreached {
        objects.setTag(block, slot, LiveObjects.Tag.reached)
        wait(block, slot)
      }
    }
  }

  private func wait(_ block: Int, _ slot: Int) {
    if waiting[block].isEmpty { queue.append(block) }
    waiting[block].append(UInt32(slot))
  }

  private func flood() throws(ToolError) {
    var next = 0
    // First in, first out: meanwhile more slots of the same slab come to wait.
    while next < queue.count {
      let block = queue[next]
      next += 1
      if next == 1 << 16 {
        queue.removeFirst(next)
        next = 0
      }
      let slots = waiting[block]
      waiting[block] = []
      try readObjects(objects.blocks[block], slots)
    }
    queue.removeAll(keepingCapacity: true)
  }

  private func readObjects(_ block: LiveObjects.Block, _ slots: [UInt32]) throws(ToolError) {
    guard !block.isEmpty else { return }
    progress.add(UInt(slots.count) * block.objectBytes)
    if block.run.kind == .large {
      let range = block.run.start..<block.run.start + block.objectBytes
      for part in WrittenPages.parts(of: range, isPrivate: true, in: source) {
        guard read(part) else { throw source.explain("a large object") }
      }
      return
    }
    // One reading of the whole slab, or one for each object: a call of the system takes as long as 4 KiB.
    let whole = block.address(0)..<block.address(block.slots - 1) + block.objectBytes
    if slots.count > whole.count / 4096, whole.count <= buffer.count {
      let bytes = UnsafeMutableRawBufferPointer(rebasing: buffer[0..<whole.count])
      guard source.read(whole.lowerBound, into: bytes) else { throw source.explain("a slab") }
      for slot in slots {
        let start = Int(block.address(Int(slot)) - whole.lowerBound)
        visitWords(UnsafeRawBufferPointer(rebasing: bytes[start..<start + Int(block.objectBytes)]))
      }
    } else {
      for slot in slots {
        let bytes = UnsafeMutableRawBufferPointer(rebasing: buffer[0..<Int(block.objectBytes)])
        guard source.read(block.address(Int(slot)), into: bytes) else { throw source.explain("a slab") }
        visitWords(UnsafeRawBufferPointer(bytes))
      }
    }
  }

  private func visitWords(_ bytes: UnsafeRawBufferPointer) {
    var next = bytes.baseAddress.unsafelyUnwrapped
    let end = next + bytes.count / 8 * 8
    while next < end {
      visit(next.load(as: UInt.self))
      next += 8
    }
  }

  /// Visits the words of a range, which may be larger than the buffer. False if it cannot be read.
  private func read(_ range: Range<UInt>) -> Bool {
    var start = (range.lowerBound + 7) / 8 * 8
    while start < range.upperBound {
      let count = Int(min(range.upperBound - start, UInt(buffer.count)))
      let bytes = UnsafeMutableRawBufferPointer(rebasing: buffer[0..<count])
      guard source.read(start, into: bytes) else { return false }
      visitWords(UnsafeRawBufferPointer(rebasing: bytes[0..<count / 8 * 8]))
      start += UInt(count)
    }
    return true
  }

  private func readRoot(_ range: Range<UInt>) {
    progress.add(range.upperBound - range.lowerBound)
    var start = range.lowerBound
    while start < range.upperBound {
      let end = min(range.upperBound, (start / 4096 + 256) * 4096)
      if !read(start..<end) {
        // Page by page: the others count.
        for page in stride(from: start, to: end, by: 4096) {
          let part = page..<min(end, (page / 4096 + 1) * 4096)
          if !read(part) { unreadBytes += part.upperBound - part.lowerBound }
        }
      }
      start = end
    }
  }
}
