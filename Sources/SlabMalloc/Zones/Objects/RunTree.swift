/// The runs of large objects, by address. It finds the run around any address.
///
/// It is a treap (Seidel and Aragon, 1996): a search tree by address that is a heap by priority. The priority is a hash
/// of the address, and the tree has the shape that random insertions would give it: a search takes some 2 log2(n) steps
/// on average, whatever the order in which runs come and go.
///
///     runs in `lower` lie below a run, runs in `upper` above; no child has a higher priority
struct RunTree {
  var root: ObjectRunPointer? = nil
  var count: UInt32 = 0
  /// The place in `ended` that is filled next.
  var nextEnded: UInt32 = 0
  /// Runs without an object: pushed ones.
  var free = LinkedStack<ObjectRun>()
  var descriptors = CellPages()
  /// The addresses of the latest objects whose runs went back. A second deallocation of one is recognised.
  var ended = InlineArray<8, UInt>(repeating: 0)
}

extension RunTree {
  private static func priority(_ run: ObjectRunPointer) -> UInt { DirectoryView.hash(run.pointee.start) }

  /// The run around an address.
  func find(_ address: UInt) -> ObjectRunPointer? {
    var run = root
    while let found = run {
      if address &- found.pointee.start < found.pointee.bytes { return found }
      run = address < found.pointee.start ? found.pointee.lower : found.pointee.upper
    }
    return nil
  }

  /// Whether a run shares a page with this range.
  func overlaps(_ address: UInt, _ bytes: UInt) -> Bool {
    var run = root
    while let found = run {
      let start = found.pointee.start
      if address &- start < found.pointee.bytes || start &- address < bytes { return true }
      run = address < start ? found.pointee.lower : found.pointee.upper
    }
    return false
  }

  /// The first run that starts at or above an address.
  func first(from address: UInt) -> ObjectRunPointer? {
    var run = root
    var best: ObjectRunPointer?
    while let found = run {
      if found.pointee.start >= address { best = found }
      run = found.pointee.start >= address ? found.pointee.lower : found.pointee.upper
    }
    return best
  }

  /// The first run with an object that starts at or above an address.
  func firstLive(from address: UInt) -> ObjectRunPointer? {
    var run = first(from: address)
    while let found = run, !found.isLive { run = first(from: found.pointee.start &+ 1) }
    return run
  }

  /// Inserts a run, which overlaps no other.
  mutating func insert(_ run: ObjectRunPointer) {
    let priority = Self.priority(run)
    let start = run.pointee.start
    withUnsafeMutablePointer(to: &root) { root in
      var link = root
      while let found = link.pointee, Self.priority(found) >= priority { link = Self.child(of: found, towards: start) }
      // The subtree there splits into the runs below and above.
      var rest = link.pointee
      link.pointee = run
      var (lower, upper) = (fieldPointer(&run.pointee.lower), fieldPointer(&run.pointee.upper))
      while let found = rest {
        if found.pointee.start < start {
          lower.pointee = found
          lower = fieldPointer(&found.pointee.upper)
          rest = lower.pointee
        } else {
          upper.pointee = found
          upper = fieldPointer(&found.pointee.lower)
          rest = upper.pointee
        }
      }
      lower.pointee = nil
      upper.pointee = nil
    }
    count &+= 1
    forgetEnded(from: start, run.pointee.bytes)
  }

  /// Removes a run of the tree.
  mutating func remove(_ run: ObjectRunPointer) {
    withUnsafeMutablePointer(to: &root) { root in
      var link = root
      while let found = link.pointee, found != run { link = Self.child(of: found, towards: run.pointee.start) }
      // Its two subtrees join: the root with the higher priority comes first.
      var (lower, upper) = (run.pointee.lower, run.pointee.upper)
      while let low = lower, let high = upper {
        if Self.priority(low) >= Self.priority(high) {
          link.pointee = low
          link = fieldPointer(&low.pointee.upper)
          lower = link.pointee
        } else {
          link.pointee = high
          link = fieldPointer(&high.pointee.lower)
          upper = link.pointee
        }
      }
      link.pointee = lower ?? upper
    }
    count &-= 1
  }

  private static func child(
    of run: ObjectRunPointer, towards address: UInt
  ) -> UnsafeMutablePointer<ObjectRunPointer?> {
    address < run.pointee.start ? fieldPointer(&run.pointee.lower) : fieldPointer(&run.pointee.upper)
  }

  /// Remembers the address of an object whose run goes back.
  mutating func rememberEnded(_ address: UInt) {
    ended[unchecked: Int(nextEnded)] = address
    nextEnded = (nextEnded &+ 1) & 7
  }

  /// It is mutating, because a copy of the addresses would cost more than the search.
  mutating func hasEnded(_ address: UInt) -> Bool {
    guard address != 0 else { return false }
    for index in 0..<8 where ended[unchecked: index] == address { return true }
    return false
  }

  private mutating func forgetEnded(from start: UInt, _ bytes: UInt) {
    for index in 0..<8 where ended[unchecked: index] &- start < bytes { ended[unchecked: index] = 0 }
  }
}
