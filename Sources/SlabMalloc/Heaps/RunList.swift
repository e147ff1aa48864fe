/// A queue of page runs, first in first out, out of which any can be removed.
struct RunList {
  var first: RunPointer? = nil
  var last: RunPointer? = nil

  mutating func append(_ run: RunPointer) {
    run.pointee.next = nil
    run.pointee.previous = last
    if let last { last.pointee.next = run } else { first = run }
    last = run
  }

  mutating func prepend(_ run: RunPointer) {
    run.pointee.previous = nil
    run.pointee.next = first
    if let first { first.pointee.previous = run } else { last = run }
    first = run
  }

  mutating func remove(_ run: RunPointer) {
    if let previous = run.pointee.previous {
      previous.pointee.next = run.pointee.next
    } else {
      first = run.pointee.next
    }
    if let next = run.pointee.next {
      next.pointee.previous = run.pointee.previous
    } else {
      last = run.pointee.previous
    }
  }

  mutating func removeFirst() -> RunPointer? {
    guard let run = first else { return nil }
    remove(run)
    return run
  }
}
