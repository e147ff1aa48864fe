/// The values of an allocator that are ending: a typed deallocation runs the deinitializer of each.
///
/// A deinitializer is the program's code. It runs without the zone's lock, may take long, and may use the zone: another
/// thread, or the value itself, may free the same address meanwhile. The slot stays used until the value has ended, and
/// its address is in this set. A deallocation of an address in the set is a double free.
///
///     deallocate(pointer)   claim: live? not in the set? ──> deinitialize ──> out of the set, free the slot
///                           └──────── with the lock ────┘    without it      └──────── with the lock ───────┘
///
/// The set is a search tree by the bits of a hash. Its nodes are on the stacks of the threads that deallocate, and it
/// takes no other memory. A list that ends its next node in each deinitializer has as many nodes here as it is long,
/// and the depth of the tree grows with the logarithm of their number.
///
/// Lock: the zone's, if it has one.
struct EndingValues {
  fileprivate var root: EndingValue.Pointer? = nil
}

struct EndingValue {
  typealias Pointer = UnsafeMutablePointer<EndingValue>

  let memory: UnsafeMutableRawPointer
  fileprivate var zero: Pointer? = nil
  fileprivate var one: Pointer? = nil

  init(_ memory: UnsafeMutableRawPointer) { self.memory = memory }

  /// Different for different addresses, since the factor is odd. Its bits, from the top, lead to the node.
  fileprivate static func path(_ memory: UnsafeMutableRawPointer) -> UInt {
    bits(memory) &* UInt(truncatingIfNeeded: UInt.bitWidth == 64 ? 0x9E37_79B9_7F4A_7C15 as UInt64 : 0x9E37_79B9)
  }
}

extension UnsafeMutablePointer where Pointee == EndingValue {
  fileprivate typealias Link = UnsafeMutablePointer<UnsafeMutablePointer<EndingValue>?>

  fileprivate func link(_ path: UInt) -> Link {
    Int(bitPattern: path) < 0 ? fieldPointer(&pointee.one) : fieldPointer(&pointee.zero)
  }

  /// The link to any leaf of the tree below this node, or to the node itself.
  fileprivate func leafLink(from link: Link) -> Link {
    var link = link
    while let node = link.pointee {
      if node.pointee.zero != nil {
        link = fieldPointer(&node.pointee.zero)
      } else if node.pointee.one != nil {
        link = fieldPointer(&node.pointee.one)
      } else {
        break
      }
    }
    return link
  }
}

typealias EndingValuesPointer = UnsafeMutablePointer<EndingValues>

extension UnsafeMutablePointer where Pointee == EndingValues {
  /// Makes an empty set behind an allocator's state of so many bytes.
  static func make(in memory: UnsafeMutableRawPointer, behind stateSize: Int) -> Self {
    (memory + stateSize).initializeMemory(as: EndingValues.self, to: EndingValues())
  }

  func contains(_ memory: UnsafeMutableRawPointer) -> Bool { link(to: memory).pointee != nil }

  /// The link to the node of this memory, or to where it would be.
  private func link(to memory: UnsafeMutableRawPointer) -> EndingValue.Pointer.Link {
    var link = fieldPointer(&pointee.root)
    var path = EndingValue.path(memory)
    while let node = link.pointee, node.pointee.memory != memory {
      link = node.link(path)
      path &<<= 1
    }
    return link
  }

  /// The node must stay where it is until it is removed.
  func insert(_ value: EndingValue.Pointer) { link(to: value.pointee.memory).pointee = value }

  /// A leaf below the node takes its place: its path begins as the node's does.
  func remove(_ value: EndingValue.Pointer) {
    let link = link(to: value.pointee.memory)
    let leafLink = value.leafLink(from: link)
    let leaf = leafLink.pointee
    leafLink.pointee = nil
    guard let leaf, leaf != value else { return }
    leaf.pointee.zero = value.pointee.zero
    leaf.pointee.one = value.pointee.one
    link.pointee = leaf
  }
}

extension UnsafeMutablePointer where Pointee == ZoneState {
  /// Checks a value that a typed deallocation is about to end, and puts it into the set.
  func claim(
    _ value: EndingValue.Pointer, _ ending: EndingValuesPointer, _ layout: Layout
  ) throws(AllocationError) {
    guard !ending.contains(value.pointee.memory) else { throw .doubleFree }
    try checkLive(value.pointee.memory, layout)
    ending.insert(value)
  }

  /// Frees the memory of a value that has ended.
  func deallocate(
    ended value: EndingValue.Pointer, _ ending: EndingValuesPointer, _ layout: Layout
  ) throws(AllocationError) {
    ending.remove(value)
    try AllocationError.check(deallocate(value.pointee.memory, layout))
  }

  /// Frees memory, unless a value in it is ending.
  func deallocate(
    _ pointer: UnsafeMutableRawPointer, _ layout: Layout?, _ ending: EndingValuesPointer
  ) -> Status {
    ending.contains(pointer) ? .doubleFree : deallocate(pointer, layout)
  }
}
