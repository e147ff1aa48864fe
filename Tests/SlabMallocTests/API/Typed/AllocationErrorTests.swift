import CSlabmalloc
import SlabMalloc
import Testing

/// An error says its name, what was asked for, and what to do.
@Suite struct AllocationErrorTests {
  /// The statuses of the header, from their names in C.
  static let codes = (1...100).map { -Int32($0) }.filter {
    String(cString: slm_status_name(slm_status(rawValue: $0))) != "SLM_ERR_UNKNOWN"
  }

  @Test(arguments: codes) func eachStatusHasAReason(_ code: Int32) throws {
    let reason = try #require(AllocationError.Reason(rawValue: code))
    // SLM_ERR_OUT_OF_MEMORY, outOfMemory
    let name = String(cString: slm_status_name(slm_status(rawValue: code))).dropFirst("SLM_ERR_".count)
    #expect("\(reason)".lowercased() == name.lowercased().replacing("_", with: ""))
  }

  @Test func thereIsNoReasonWithoutAStatus() {
    #expect(Self.codes.count == 19)
    #expect((-200...200).filter { AllocationError.Reason(rawValue: $0) != nil }.count == Self.codes.count)
  }

  @Test func aSwitchIsExhaustive() {
    func isShortage(_ error: AllocationError) -> Bool {
      switch error.reason {
      case .outOfMemory, .limit: true
      case .invalidLayout, .invalidArgument, .notInitialized, .badPage, .wrongPageSize, .pageOwned, .foreignPointer,
        .interiorPointer, .doubleFree, .layoutMismatch, .reentrant, .noProvider, .cannotResize, .overflow,
        .writeAfterFree, .constructorFailed, .inUse:
        false
      }
    }
    #expect(isShortage(.limit) && !isShortage(.doubleFree))
  }

  @Test func aRefusalSaysItsLayoutAndLimit() throws {
    let zone = try Zone(provider: .mmap, hardLimit: 1 << 16)
    let error = #expect(throws: AllocationError.self) { _ = try zone.buffer(repeating: 0, count: 100_000) }
    #expect(
      "\(try #require(error))" == """
        limit (800000 bytes, aligned to 8): the hard limit forbids another page, which is 65536 bytes. Free objects, \
        reclaim pages, or raise the limit.
        """)
  }

  @Test func errorsOfAReasonAreEqual() {
    #expect(AllocationError.doubleFree != .limit)
    #expect(
      "\(AllocationError.doubleFree)"
        == "doubleFree: the object was already deallocated. Find its other owner: an object ends once.")
  }
}
