/// The small library has leaves without nodes: it has no runs, no large pages, and little memory. A search takes a step
/// for each leaf.
extension FreeTree {
  func initializeLeaves() {
    for leaf in 0..<Int(bitPattern: leafCount) { (leaves + leaf).initialize(to: 0) }
  }

  func markLeaves(_ first: UInt, _ count: UInt, free: Bool) {
    for page in first..<first &+ count {
      let leaf = leaves + Int(bitPattern: page &>> leafShift)
      let bit: UInt64 = 1 &<< UInt64(page & (span(0) &- 1))
      if free { leaf.pointee |= bit } else { leaf.pointee &= ~bit }
    }
  }

  func isTaken(_ page: UInt) -> Bool {
    leaves[Int(bitPattern: page &>> leafShift)] &>> UInt64(page & (span(0) &- 1)) & 1 == 0
  }

  /// The lowest free page; nil if there is none.
  func lowestPage() -> UInt? {
    for leaf in 0..<leafCount where leaves[Int(bitPattern: leaf)] != 0 {
      return leaf &<< leafShift &+ UInt(bitPattern: leaves[Int(bitPattern: leaf)].trailingZeroBitCount)
    }
    return nil
  }
}
