import CSlabPort

#if SLM_ASSERT
  /// An invariant that does not hold, as a build with assertions reports it: which one, and the address of what breaks
  /// it.
  struct Violation {
    let text: StaticString
    let address: UInt

    /// Nothing of it is inlined: it is where the checkers end, in their thousands of calls never.
    @inline(never) init(_ text: StaticString, at address: UInt) {
      self.text = text
      self.address = address
    }

    /// Hosted builds write a line to stderr and abort; freestanding builds trap.
    func report() -> Never {
      text.withUTF8Buffer { slm_port_broken($0.baseAddress, $0.count, address) }
    }
  }
#endif
