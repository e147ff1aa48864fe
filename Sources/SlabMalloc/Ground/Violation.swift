import CSlabPort

#if SLM_ASSERT
  /// A broken invariant, as a build with assertions reports it: its description, and the address of the object that
  /// breaks it.
  struct Violation {
    let text: StaticString
    let address: UInt

    /// Never inlined, because thousands of checks run and none of them ends here.
    @inline(never) init(_ text: StaticString, at address: UInt) {
      self.text = text
      self.address = address
    }

    /// Reports the violation and ends the program. Hosted builds write a line to stderr and abort; freestanding builds
    /// trap.
    func report() -> Never {
      text.withUTF8Buffer { slm_port_broken($0.baseAddress, $0.count, address) }
    }
  }
#endif
