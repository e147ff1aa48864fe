/// A doubly linked list of slabs: first in first out with `append`, last in first out with `prepend`.
struct SlabList {
  var first: SlabPointer? = nil
  var last: SlabPointer? = nil

  var isEmpty: Bool { first == nil }

  mutating func append(_ slab: SlabPointer) {
    slab.pointee.next = nil
    slab.pointee.previous = last
    if let last { last.pointee.next = slab } else { first = slab }
    last = slab
  }

  mutating func prepend(_ slab: SlabPointer) {
    slab.pointee.previous = nil
    slab.pointee.next = first
    if let first { first.pointee.previous = slab } else { last = slab }
    first = slab
  }

  mutating func remove(_ slab: SlabPointer) {
    if let previous = slab.pointee.previous { previous.pointee.next = slab.pointee.next } else { first = slab.pointee.next }
    if let next = slab.pointee.next { next.pointee.previous = slab.pointee.previous } else { last = slab.pointee.previous }
  }

  mutating func removeFirst() -> SlabPointer? {
    guard let slab = first else { return nil }
    remove(slab)
    return slab
  }
}
