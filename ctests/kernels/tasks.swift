// Swift on the kernel's heap: objects that one CPU makes and another lets go.
import Kernel
import SlabMalloc

// [Parcel
/// Holds memory of each kind that Swift allocates.
final class Parcel {
  let number: Int
  let cpu = machine_cpu()
  let squares: [Int]
  let name: String
  let halves: [Int: Int]
  let inner: Parcel?

  init(_ number: Int, inner: Parcel?) {
    self.number = number
    squares = (0..<Self.count(of: number)).map { $0 &* $0 &+ number }
    name = "parcel number \(number), which is too long to be stored in the string itself"
    halves = Dictionary(uniqueKeysWithValues: (0..<number % 20).map { ($0 &* 2, $0) })
    self.inner = inner
    swift_made(cpu)
  }

  deinit { swift_freed(machine_cpu(), cpu) }

  /// One in 64 is large, if the machine has memory for that.
  static func count(of number: Int) -> Int { number % 64 == 0 ? memory_largest_object() / 16 : number % 100 }

  var isWhole: Bool {
    for index in squares.indices where squares[index] != index &* index &+ number { return false }
    for (key, half) in halves where key != half &* 2 { return false }
    return squares.count == Self.count(of: number) && halves.count == number % 20
      && name.utf8.elementsEqual("parcel number \(number), which is too long to be stored in the string itself".utf8)
      && (inner?.isWhole ?? true)
  }
}

/// Puts a parcel in a place, for any CPU, and checks the one that was there. Its memory is freed here.
func exchange(_ parcel: Parcel?, place: UInt32) {
  let sent = parcel.map { Unmanaged.passRetained($0).toOpaque() }
  guard let found = exchange_swift(place, sent) else { return }
  check_that(Unmanaged<Parcel>.fromOpaque(found).takeRetainedValue().isWhole, "a Swift object is as it was made")
}

@_cdecl("swift_run_batch")
public func runBatch(cpu: UInt32, batch: UInt32) {
  var random = UInt64(cpu) << 32 | UInt64(batch) &+ 1
  for round in 0..<50 {
    let inner = Parcel(round, inner: nil)
    let parcel = Parcel(Int(truncatingIfNeeded: random_next(&random) >> 40), inner: inner)
    exchange(parcel, place: UInt32(truncatingIfNeeded: random_next(&random) >> 32) % UInt32(EXCHANGE_PLACES))
  }
  guard batch % 8 == 0 else { return }
  do throws(AllocationError) { try useContainers(&random) } catch { check_that(error == .outOfMemory, "no memory") }
}

@_cdecl("swift_take_all")
public func takeAll() {
  for place in 0..<UInt32(EXCHANGE_PLACES) { exchange(nil, place: place) }
}
// Parcel]

// [Containers
/// A timer that is due, in the order of the list.
struct Timer: ~Copyable {
  let due: UInt64
  var next: Pool<Timer>.Handle?
  let note: Box<UInt64>
}

/// A pool of timers that name each other, a box in each, and an arena for the work of a round.
func useContainers(_ random: inout UInt64) throws(AllocationError) {
  var timers = Pool<Timer>()
  var first: Pool<Timer>.Handle?
  for _ in 0..<20 {
    let due = random_next(&random) >> 8
    first = try timers.insert(Timer(due: due, next: first, note: try Box(due &+ 1)))
  }
  var arena = try Arena(firstChunk: 512)
  while let handle = first {
    do {
      let words = try arena.buffer(repeating: timers[handle].due, count: Int(timers[handle].due % 50) + 1)
      check_that(words[words.count - 1] &+ 1 == timers[handle].note.value, "a timer is as it was made")
    }
    arena.reset()
    first = try timers.remove(handle).next
    check_that(!timers.contains(handle), "a handle is stale when its timer is gone")
  }
  check_that(timers.isEmpty, "every timer is gone")
}
// Containers]
