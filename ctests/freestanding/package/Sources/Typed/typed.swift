// The typed containers in Embedded Swift: in the heap of Swift objects, and in a zone that was made in C.
#if SWIFT_PACKAGE
  import SlabMallocEmbedded
#else
  import SlabMalloc
#endif

/// Counts the values that ended.
nonisolated(unsafe) private var ended = 0

struct Counted: ~Copyable {
  let number: Int
  deinit { ended += 1 }
}

/// A node that owns its successor.
struct Link: ~Copyable {
  let value: Counted
  var next: Box<Link>?
}

private func boxes(_ count: Int) throws(AllocationError) -> Int {
  var head: Box<Link>?
  for number in 0..<count { head = try Box(Link(value: Counted(number: number), next: head.take())) }
  guard let first = head.take() else { return -1 }
  return first.value.value.number
}

private func pool(_ count: Int) throws(AllocationError) -> Int {
  var pool = Pool<Counted>()
  var handles = try Buffer<Pool<Counted>.Handle?>(repeating: nil, count: count)
  for number in 0..<count { handles[number] = try pool.insert(Counted(number: number)) }
  var sum = 0
  for number in 0..<count {
    guard let handle = handles[number] else { return -1 }
    sum += pool[handle].number
    if number % 2 == 0 { try pool.remove(handle) }
  }
  guard let stale = handles[0], !pool.contains(stale) else { return -1 }
  do throws(AllocationError) {
    try pool.remove(stale)
    return -1
  } catch {
    guard error == .doubleFree else { return -1 }
  }
  return sum
}

private func arena(_ count: Int) throws(AllocationError) -> Int {
  var arena = try Arena(firstChunk: 256)
  var sum = 0
  for round in 0..<3 {
    do {
      let buffer = try arena.buffer(count: count) { Counted(number: $0) }
      sum += buffer[count - 1].number + round
    }
    arena.reset()
  }
  return sum
}

/// In a zone of the embedder's, which outlives the work.
private func zone(_ zone: OpaquePointer, _ count: Int) throws(AllocationError) -> Int {
  let source = Zone.Source(unmanaged: zone)
  let box = try BoxIn(Counted(number: 1), in: source)
  let buffer = try BufferIn(count: count, in: source) { Counted(number: $0) }
  var pool = PoolIn<Counted, Zone.Source>(in: source)
  let handle = try pool.insert(Counted(number: 2))
  return box.value.number + pool[handle].number + buffer[count - 1].number
}

/// Does the work with each container. Returns the number of the first step that failed; 0 if none did. Everything is
/// freed when it returns.
@_cdecl("typed_work") public func work(_ memory: OpaquePointer, _ count: Int) -> Int {
  ended = 0
  do throws(AllocationError) {
    guard try boxes(count) == count - 1, ended == count else { return 1 }
    guard try pool(count) == count * (count - 1) / 2, ended == 2 * count else { return 2 }
    guard try arena(count) == 3 * (count - 1) + 3, ended == 5 * count else { return 3 }
    guard try zone(memory, count) == count + 2, ended == 6 * count + 2 else { return 4 }
  } catch {
    return 5
  }
  // What cannot be served says which layout it was.
  do throws(AllocationError) {
    _ = try Buffer(repeating: 0, count: Int.max / 16)
    return 6
  } catch {
    return error.layout != nil && error.reason != .limit ? 0 : 7
  }
}
