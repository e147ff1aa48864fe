/// The small library has leaves without nodes: it has no runs, no large pages, and little memory. A search takes a step
/// for each leaf.
extension UnsafeMutablePointer where Pointee == FreeTree {
  func startLeaves() {
    for leaf in 0...Int(bitPattern: pointee.lastLeaf) { (pointee.leaves + leaf).initialize(to: 0) }
  }

  func markLeaves(_ first: UInt, _ count: UInt, free: Bool) {
    for page in first..<first &+ count {
      let leaf = pointee.leaves + Int(bitPattern: page &>> pointee.leafShift)
      let bit: UInt64 = 1 &<< UInt64(page & (span(0) &- 1))
      if free { leaf.pointee |= bit } else { leaf.pointee &= ~bit }
    }
  }

  func isTaken(_ page: UInt) -> Bool {
    pointee.leaves[Int(bitPattern: page &>> pointee.leafShift)] &>> UInt64(page & (span(0) &- 1)) & 1 == 0
  }

  /// The lowest free page; nil if there is none.
  func lowestPage() -> UInt? {
    for leaf in 0...pointee.lastLeaf where pointee.leaves[Int(bitPattern: leaf)] != 0 {
      return leaf &<< pointee.leafShift &+ UInt(bitPattern: pointee.leaves[Int(bitPattern: leaf)].trailingZeroBitCount)
    }
    return nil
  }
}
