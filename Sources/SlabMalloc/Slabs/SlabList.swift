/// A queue of slabs, first in first out, out of which any can be removed.
struct SlabList {
  var first: SlabPointer? = nil
  var last: SlabPointer? = nil

  mutating func append(_ slab: SlabPointer) {
    slab.pointee.next = nil
    slab.pointee.previous = last
    if let last { last.pointee.next = slab } else { first = slab }
    last = slab
  }

  mutating func remove(_ slab: SlabPointer) {
    if let previous = slab.pointee.previous {
      previous.pointee.next = slab.pointee.next
    } else {
      first = slab.pointee.next
    }
    if let next = slab.pointee.next {
      next.pointee.previous = slab.pointee.previous
    } else {
      last = slab.pointee.previous
    }
  }

  mutating func removeFirst() -> SlabPointer? {
    guard let slab = first else { return nil }
    remove(slab)
    return slab
  }
}

/// A stack of slabs, last in first out, out of which any can be removed.
struct SlabStack {
  var first: SlabPointer? = nil
  /// Slabs in it.
  var count: UInt32 = 0

  mutating func push(_ slab: SlabPointer) {
    count &+= 1
    slab.pointee.previous = nil
    slab.pointee.next = first
    first?.pointee.previous = slab
    first = slab
  }

  mutating func remove(_ slab: SlabPointer) {
    if let previous = slab.pointee.previous {
      previous.pointee.next = slab.pointee.next
    } else {
      first = slab.pointee.next
    }
    slab.pointee.next?.pointee.previous = slab.pointee.previous
    count &-= 1
  }

  mutating func pop() -> SlabPointer? {
    guard let slab = first else { return nil }
    remove(slab)
    return slab
  }
}
