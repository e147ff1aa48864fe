import CSlabmalloc
import XCTest

@testable import SlabMalloc

final class StatusTests: XCTestCase {
  private let errors: [(error: AllocationError, code: Status, name: String)] = [
    (.outOfMemory, SLM_ERR_OUT_OF_MEMORY, "SLM_ERR_OUT_OF_MEMORY"),
    (.invalidLayout, SLM_ERR_INVALID_LAYOUT, "SLM_ERR_INVALID_LAYOUT"),
    (.invalidArgument, SLM_ERR_INVALID_ARGUMENT, "SLM_ERR_INVALID_ARGUMENT"),
    (.notInitialized, SLM_ERR_NOT_INITIALIZED, "SLM_ERR_NOT_INITIALIZED"),
    (.badPage, SLM_ERR_BAD_PAGE, "SLM_ERR_BAD_PAGE"),
    (.wrongPageSize, SLM_ERR_WRONG_PAGE_SIZE, "SLM_ERR_WRONG_PAGE_SIZE"),
    (.pageOwned, SLM_ERR_PAGE_OWNED, "SLM_ERR_PAGE_OWNED"),
    (.foreignPointer, SLM_ERR_FOREIGN_POINTER, "SLM_ERR_FOREIGN_POINTER"),
    (.interiorPointer, SLM_ERR_INTERIOR_POINTER, "SLM_ERR_INTERIOR_POINTER"),
    (.doubleFree, SLM_ERR_DOUBLE_FREE, "SLM_ERR_DOUBLE_FREE"),
    (.layoutMismatch, SLM_ERR_LAYOUT_MISMATCH, "SLM_ERR_LAYOUT_MISMATCH"),
    (.reentrant, SLM_ERR_REENTRANT, "SLM_ERR_REENTRANT"),
    (.noProvider, SLM_ERR_NO_PROVIDER, "SLM_ERR_NO_PROVIDER"),
    (.cannotResize, SLM_ERR_CANNOT_RESIZE, "SLM_ERR_CANNOT_RESIZE"),
    (.overflow, SLM_ERR_OVERFLOW, "SLM_ERR_OVERFLOW"),
    (.limit, SLM_ERR_LIMIT, "SLM_ERR_LIMIT"),
    (.constructorFailed, SLM_ERR_CONSTRUCTOR_FAILED, "SLM_ERR_CONSTRUCTOR_FAILED"),
    (.inUse, SLM_ERR_IN_USE, "SLM_ERR_IN_USE"),
    (.writeAfterFree, SLM_ERR_WRITE_AFTER_FREE, "SLM_ERR_WRITE_AFTER_FREE"),
  ]

  private func name(_ status: Status) -> String { String(cString: slm_status_name(status)) }

  func testCodesAreThoseOfTheHeader() {
    for (error, code, name) in errors { XCTAssertEqual(error.code, code.rawValue, name) }
    XCTAssertEqual(Status.ok, SLM_OK)
  }

  func testCodesAreBelow0AndDiffer() {
    XCTAssertTrue(errors.allSatisfy { $0.error.code < 0 })
    XCTAssertEqual(Set(errors.map(\.error.code)).count, errors.count)
  }

  func testNamesAreThoseOfTheHeader() {
    for (_, code, expected) in errors { XCTAssertEqual(name(code), expected) }
    XCTAssertEqual(name(SLM_OK), "SLM_OK")
  }

  func testANumberThatIsNoStatusHasANameToo() {
    let known = Set(errors.map(\.code.rawValue) + [0])
    for status in [Int32.min, -1000, 1, 2, Int32.max] + (-40...0) where !known.contains(status) {
      XCTAssertEqual(name(Status(rawValue: status)), "SLM_ERR_UNKNOWN", "\(status)")
    }
  }

  func testAnErrorIsThrownForEachStatusButOK() {
    XCTAssertNoThrow(try AllocationError.check(.ok))
    for (error, code, name) in errors {
      XCTAssertThrowsError(try AllocationError.check(code), name) { XCTAssertEqual($0 as? AllocationError, error) }
    }
  }

  func testTheVersionIsTheHeaders() {
    XCTAssertEqual(slm_version(), UInt32(SLM_VERSION_MAJOR << 16 | SLM_VERSION_MINOR << 8 | SLM_VERSION_PATCH))
  }
}
