import Foundation

@testable import SlabMalloc

/// A page provider that fails on order and knows each page it gave.
///
/// The end of a page, where a zone keeps its descriptor, is filled with a pattern before it goes out and after it came
/// back. A zone's write to a page that is no longer its own shows when the page goes out again, or in `errors`.
final class FaultyProvider {
  enum Fault {
    case none
    case outOfMemory
    /// An address that is not a multiple of the page size.
    case misaligned
    /// A page that is out already, if there is one of that size.
    case duplicate
    /// An address that is no page of this provider's to give.
    case address(UInt)
  }

  /// What to do at a call, counted from 1.
  var fault: (_ call: Int, _ bytes: Int) -> Fault = { _, _ in .none }
  /// Runs within a call of either function: where a provider calls back.
  var duringAllocate: (_ call: Int) -> Void = { _ in }
  var duringRelease: () -> Void = {}

  private(set) var allocateCalls = 0
  private(set) var releaseCalls = 0
  /// Pages of either kind that went out well, and those that came back.
  private(set) var taken: [Int: Int] = [:]
  private(set) var givenBack: [Int: Int] = [:]
  /// What should not have happened: pages that were not out, of the wrong size, or written after they came back.
  var errors: [String] {
    faults + pool.filter { !isPatterned($0) }.map { "page \($0.hex) was written after it came back" }
  }

  private struct Page: Hashable {
    let address: UInt
    let bytes: Int
    var hex: String { String(address, radix: 16) }
  }

  /// Pages that are out, by the address that was given.
  private var out: [UInt: Page] = [:]
  /// Addresses given that were misaligned.
  private var misaligned: Set<UInt> = []
  private var pool: [Page] = []
  private var faults: [String] = []
  private static let pattern: UInt8 = 0xA5

  deinit {
    for page in pool + out.values { free(UnsafeMutableRawPointer(bitPattern: page.address)) }
  }

  /// Lives as long as this object.
  func provider(pageSize: PageSize? = nil, allocates: Bool = true) -> PageProvider {
    PageProvider(
      pageSize: pageSize, context: Unmanaged.passUnretained(self).toOpaque(),
      allocate: allocates
        ? { context, bytes in UnsafeMutableRawPointer(bitPattern: FaultyProvider.from(context).allocate(bytes) ?? 0) }
        : nil,
      release: { context, page, bytes in FaultyProvider.from(context).release(UInt(bitPattern: page), bytes) })
  }

  private static func from(_ context: UnsafeMutableRawPointer?) -> FaultyProvider {
    Unmanaged<FaultyProvider>.fromOpaque(context!).takeUnretainedValue()
  }

  var pagesOut: Int { out.count }
  func pagesOut(_ page: PageSize) -> Int { taken[page.bytes, default: 0] - givenBack[page.bytes, default: 0] }
  func holds(_ address: UInt) -> Bool { out[address] != nil }
  /// Misaligned addresses that did not come back.
  var misalignedOut: Int { misaligned.count }

  func allocate(_ bytes: Int) -> UInt? {
    allocateCalls += 1
    let call = allocateCalls
    duringAllocate(call)
    switch fault(call, bytes) {
    case .outOfMemory: return nil
    case .none: return take(bytes)
    case .misaligned:
      let page = fresh(bytes)
      misaligned.insert(page.address + 64)
      out[page.address + 64] = page
      return page.address + 64
    case .duplicate:
      return out.values.filter { $0.bytes == bytes }.map(\.address).min() ?? take(bytes)
    case .address(let address): return address
    }
  }

  private func take(_ bytes: Int) -> UInt {
    let page = fresh(bytes)
    out[page.address] = page
    taken[bytes, default: 0] += 1
    return page.address
  }

  func release(_ address: UInt, _ bytes: Int) {
    releaseCalls += 1
    guard let page = out.removeValue(forKey: address), page.bytes == bytes else {
      return faults.append("page \(String(address, radix: 16)) of \(bytes) bytes came back, but is not out")
    }
    if misaligned.remove(address) == nil { givenBack[bytes, default: 0] += 1 }
    fill(page)
    pool.append(page)
    duringRelease()
  }

  /// The page that came back last, so that addresses come again; a new one if there is none.
  private func fresh(_ bytes: Int) -> Page {
    if let index = pool.lastIndex(where: { $0.bytes == bytes }) {
      let page = pool.remove(at: index)
      if !isPatterned(page) { faults.append("page \(page.hex) was written after it came back") }
      return page
    }
    let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: bytes)
    let page = Page(address: UInt(bitPattern: memory), bytes: bytes)
    fill(page)
    return page
  }

  private func end(of page: Page) -> UnsafeMutableRawBufferPointer {
    let bytes = min(page.bytes, 64 << 10)
    let start = UnsafeMutableRawPointer(bitPattern: page.address)! + (page.bytes - bytes)
    return UnsafeMutableRawBufferPointer(start: start, count: bytes)
  }

  private func fill(_ page: Page) { memset(end(of: page).baseAddress!, Int32(Self.pattern), end(of: page).count) }

  private func isPatterned(_ page: Page) -> Bool {
    let bytes = end(of: page)
    return bytes[0] == Self.pattern && memcmp(bytes.baseAddress!, bytes.baseAddress! + 1, bytes.count - 1) == 0
  }
}
