import Foundation

@testable import SlabMalloc

/// Real threads, each with a heap of one process, that pass objects on to each other. Whoever frees an object checks
/// its content.
final class HeapThreads: @unchecked Sendable {
  struct Object {
    var address: UInt
    var size: UInt
    var stamp: UInt64
  }

  /// Objects on their way to a thread. Its lock is one that sanitizers know.
  final class Queue: @unchecked Sendable {
    private let lock = NSLock()
    private var objects: [Object] = []

    func put(_ object: Object) { lock.withLock { objects.append(object) } }

    func takeAll() -> [Object] {
      lock.withLock {
        defer { objects = [] }
        return objects
      }
    }
  }

  let pool: HeapPoolPointer
  let steps: Int
  let queues: [Queue]
  private let lock = NSLock()
  private var failure: String?
  private let storage: UnsafeMutableRawPointer

  init(threads: Int, steps: Int, options: RunPool.Options) {
    self.steps = steps
    storage = .allocate(byteCount: MemoryLayout<HeapPool>.stride, alignment: 64)
    storage.initializeMemory(as: UInt8.self, repeating: 0, count: MemoryLayout<HeapPool>.stride)
    pool = storage.assumingMemoryBound(to: HeapPool.self)
    queues = (0..<threads).map { _ in Queue() }
    pool.locked { pool.initialize(.linux, options) { _, _, _, _ in } }
  }

  deinit {
    for index in 0..<pool.runs.pointee.segmentCount {
      guard let segment = pool.runs.pointee.segments[index]?.pointee else { continue }
      munmap(UnsafeMutableRawPointer(bitPattern: segment.mapping), Int(segment.mappingBytes))
    }
    storage.deallocate()
  }

  func fail(_ text: String) { lock.withLock { if failure == nil { failure = text } } }

  /// Runs all threads to their end. What went wrong, as text.
  func run(stream: UInt64) -> String? {
    let done = DispatchSemaphore(value: 0)
    for index in queues.indices {
      let thread = Thread { [self] in
        var worker = HeapWorker(self, index, stream: stream)
        worker.run()
        done.signal()
      }
      thread.stackSize = 1 << 20
      thread.start()
    }
    for _ in queues.indices { done.wait() }
    return lock.withLock { failure } ?? HeapInvariants.violation(pool, heaps: []) ?? endViolation()
  }

  /// Frees what is left in the queues; then nothing is used.
  private func endViolation() -> String? {
    guard let heap = pool.takeHeap() else { return "no heap" }
    for queue in queues {
      for object in queue.takeAll() where heap.deallocate(object.address, pool) != .ok { return "a live object" }
    }
    // Each idle heap may have a few slabs that it could not leave.
    let idle = queues.indices.compactMap { _ in pool.takeHeap() }
    for heap in idle + [heap] { pool.takeBack(heap) }
    if let text = HeapInvariants.violation(pool, heaps: []) { return "at the end: \(text)" }
    let counts = pool.pointee.counts
    return counts.slabs == 0 && counts.largeLive == 0 ? nil : "\(counts)"
  }
}

/// What one of the threads does.
private struct HeapWorker {
  private let threads: HeapThreads
  private let index: Int
  private var heap: HeapPointer
  private var random: SeededRandom
  private var own: [HeapThreads.Object] = []

  init(_ threads: HeapThreads, _ index: Int, stream: UInt64) {
    self.threads = threads
    self.index = index
    heap = threads.pool.takeHeap()!
    random = SeededRandom(stream: stream + UInt64(index))
  }

  mutating func run() {
    for step in 0..<threads.steps {
      switch random.below(100) {
      case 0 where step % 16 == 0: restart()
      case 1: _ = threads.pool.purgeAll()
      case 2...9: reallocate()
      case 10...59: allocate()
      case 60...69: for object in threads.queues[index].takeAll() { free(object) }
      default: if !own.isEmpty { free(takeOwn()) }
      }
    }
    for object in own { free(object) }
    threads.pool.takeBack(heap)
  }

  private mutating func takeOwn() -> HeapThreads.Object {
    own.swapAt(random.below(own.count), own.count - 1)
    return own.removeLast()
  }

  /// The thread ends, and another begins.
  private mutating func restart() {
    threads.pool.takeBack(heap)
    heap = threads.pool.takeHeap()!
  }

  private mutating func allocate() {
    let size = UInt(16 + random.below(random.below(50) == 0 ? 300_000 : 1 << random.below(13)))
    let isZeroed = random.below(4) == 0
    let address = isZeroed ? heap.allocateZeroed(size) : UInt(bitPattern: heap.allocate(size))
    guard address != 0 else { return threads.fail("no memory") }
    if isZeroed, word(address) != 0 || word((address + size - 8) & ~7) != 0 { threads.fail("zeroed memory is not 0") }
    keep(HeapThreads.Object(address: address, size: size, stamp: random.next()))
  }

  /// Writes an object's content, and keeps it or passes it on.
  private mutating func keep(_ object: HeapThreads.Object) {
    set(object.address, object.stamp)
    set((object.address + object.size - 8) & ~7, object.stamp)
    let to = random.below(2 * threads.queues.count)
    if to < threads.queues.count, to != index { threads.queues[to].put(object) } else { own.append(object) }
  }

  private func check(_ object: HeapThreads.Object) {
    if word((object.address + object.size - 8) & ~7) != object.stamp
      || object.size >= 24 && word(object.address) != object.stamp
    {
      threads.fail("an object of \(object.size) bytes was overwritten; \(SeededRandom.hint)")
    }
  }

  private mutating func free(_ object: HeapThreads.Object) {
    check(object)
    if heap.deallocate(object.address, threads.pool) != .ok { threads.fail("a live object was not freed") }
  }

  private mutating func reallocate() {
    guard !own.isEmpty else { return }
    let object = takeOwn()
    check(object)
    let size = object.size + UInt(random.below(2000))
    let address = heap.reallocate(object.address, size)
    guard address != 0 else { return threads.fail("no memory") }
    if object.size >= 24, word(address) != object.stamp { threads.fail("the content didn't move along") }
    keep(HeapThreads.Object(address: address, size: size, stamp: random.next()))
  }

  private func word(_ address: UInt) -> UInt64 { UnsafePointer<UInt64>(bitPattern: address)!.pointee }
  private func set(_ address: UInt, _ value: UInt64) {
    UnsafeMutablePointer<UInt64>(bitPattern: address)!.pointee = value
  }
}
