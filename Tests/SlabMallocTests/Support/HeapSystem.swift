import CSlabPort
import Foundation

@testable import SlabMalloc

/// The system below heaps under test: real memory, but every call is counted and checked, and fails on order.
///
/// It is called through functions without a context, so there is one. Tests run one after the other.
struct HeapSystem {
  enum Call: Int, CaseIterable {
    case reserve, commit, decommit, purge, unmap, move
  }

  nonisolated(unsafe) static var current = HeapSystem(pageSize: 4096)

  let pageSize: Int
  /// What the clock says.
  var now: UInt64 = 1_000_000
  /// Whether a call fails. All calls are numbered from 1.
  var fails: (_ call: Call, _ number: Int, _ bytes: Int) -> Bool = { _, _, _ in false }
  /// Whether there are more mappings: if not, memory becomes usable only right behind memory that is.
  var hasMappings = true
  /// Runs before a purge: heaps don't hold their lock then.
  var duringPurge: () -> Void = {}
  private(set) var calls = 0
  private(set) var failures = 0
  /// Address space that could not be given back.
  private(set) var lost = 0
  /// What should not have happened.
  private(set) var errors: [String] = []
  private var counts: [Call: Int] = [:]
  /// Address space that is out, by address, and what of it is usable.
  private var mappings: [UInt: UInt] = [:]
  private var usable: [Range<UInt>] = []
  /// Mappings whose end was given back.
  private var stumps = 0

  init(pageSize: Int) { self.pageSize = pageSize }

  func count(_ call: Call) -> Int { counts[call, default: 0] }
  /// Whether a byte may be touched.
  func isUsable(_ address: UInt) -> Bool { usable.contains { $0.contains(address) } }
  /// Whole reserves that are out.
  var reserved: Int { mappings.count - stumps }
  var reservedBytes: UInt { mappings.values.reduce(0, +) }

  /// The functions, for this system once it is `current`.
  var memory: SystemMemory {
    SystemMemory(
      reserve: { HeapSystem.current.reserve($0) }, commit: { HeapSystem.current.commit(range($0, $1)) },
      decommit: { HeapSystem.current.decommit(range($0, $1)) },
      purge: { HeapSystem.purge(range($0, $1)) }, unmap: { HeapSystem.current.unmap(range($0, $1)) },
      move: { HeapSystem.current.move(from: range($0, $2), to: range($1, $2)) }, pageSize: pageSize,
      milliseconds: { HeapSystem.current.now })
  }

  /// Gives all address space back.
  mutating func end() {
    for (start, bytes) in mappings { munmap(UnsafeMutableRawPointer(bitPattern: start), Int(bytes)) }
    mappings = [:]
    usable = []
  }

  private mutating func refuses(_ call: Call, _ bytes: Int) -> Bool {
    calls += 1
    counts[call, default: 0] += 1
    let isRefused = fails(call, calls, bytes)
    if isRefused { failures += 1 }
    return isRefused
  }

  private mutating func check(_ call: Call, _ range: Range<UInt>, in ranges: [Range<UInt>]) {
    if range.isEmpty || range.lowerBound % UInt(pageSize) != 0 || range.count % pageSize != 0 {
      errors.append("\(call) of \(text(range)): no whole pages")
    }
    if !covers(ranges, range) { errors.append("\(call) of \(text(range)): not ours") }
  }

  /// An address that is a multiple of the page size, and of no more.
  private mutating func reserve(_ bytes: Int) -> UnsafeMutableRawPointer? {
    guard !refuses(.reserve, bytes) else { return nil }
    if bytes % pageSize != 0 { errors.append("reserve of \(bytes) bytes: no whole pages") }
    let alignment = 2 * max(UInt(pageSize), PageRun.pageSize)
    let all = bytes + 2 * Int(alignment)
    guard let memory = slm_port_reserve(all) else {
      errors.append("no address space for \(bytes) bytes")
      return nil
    }
    let start = roundUp(UInt(bitPattern: memory), to: alignment) + UInt(pageSize)
    let (first, end) = (UInt(bitPattern: memory), start + UInt(bytes))
    mappings[start] = UInt(bytes)
    munmap(memory, Int(start - first))
    munmap(UnsafeMutableRawPointer(bitPattern: end), Int(first + UInt(all) - end))
    return UnsafeMutableRawPointer(bitPattern: start)
  }

  private mutating func commit(_ range: Range<UInt>) -> Int32 {
    guard !refuses(.commit, range.count) else { return -1 }
    guard hasMappings || usable.contains(where: { $0.upperBound == range.lowerBound }) else {
      failures += 1
      return -1
    }
    check(.commit, range, in: mappings.map { $0.key..<$0.key + $0.value })
    // What it refused to protect is usable still.
    if usable.contains(where: { $0.overlaps(range) }), failures == 0 {
      errors.append("commit of \(text(range)): usable already")
    }
    usable.append(range)
    return slm_port_commit(UnsafeMutableRawPointer(bitPattern: range.lowerBound)!, range.count)
  }

  private mutating func decommit(_ range: Range<UInt>) -> Int32 {
    guard !refuses(.decommit, range.count) else { return -1 }
    check(.decommit, range, in: mappings.map { $0.key..<$0.key + $0.value })
    usable = usable.flatMap { old -> [Range<UInt>] in
      guard old.overlaps(range) else { return [old] }
      return [
        old.lowerBound..<max(old.lowerBound, range.lowerBound), min(old.upperBound, range.upperBound)..<old.upperBound,
      ].filter { !$0.isEmpty }
    }
    return slm_port_protect(UnsafeMutableRawPointer(bitPattern: range.lowerBound)!, range.count)
  }

  private static func purge(_ range: Range<UInt>) -> Int32 {
    // Another thread's turn, which may call the system too.
    let work = current.duringPurge
    work()
    return current.purge(range)
  }

  private mutating func purge(_ range: Range<UInt>) -> Int32 {
    guard !refuses(.purge, range.count) else { return -1 }
    check(.purge, range, in: mappings.map { $0.key..<$0.key + $0.value })
    return slm_port_purge(UnsafeMutableRawPointer(bitPattern: range.lowerBound)!, range.count)
  }

  private mutating func unmap(_ range: Range<UInt>) -> Int32 {
    guard !refuses(.unmap, range.count) else {
      lost += 1
      return -1
    }
    // All that was reserved, or its end.
    if let (start, bytes) = mappings.first(where: {
      $0.key + $0.value == range.upperBound && $0.key <= range.lowerBound
    }) {
      mappings[start] = start < range.lowerBound ? bytes - UInt(range.count) : nil
      if start < range.lowerBound { stumps += 1 }
    } else {
      errors.append("unmap of \(text(range)): not as it was reserved")
    }
    usable = usable.compactMap {
      $0.lowerBound < range.lowerBound || $0.lowerBound >= range.upperBound
        ? $0.lowerBound..<($0.overlaps(range) ? range.lowerBound : $0.upperBound) : nil
    }
    return munmap(UnsafeMutableRawPointer(bitPattern: range.lowerBound), range.count)
  }

  private mutating func move(from: Range<UInt>, to: Range<UInt>) -> Int32 {
    guard !refuses(.move, from.count) else { return -1 }
    check(.move, from, in: usable)
    check(.move, to, in: usable)
    if from.overlaps(to) { errors.append("move of \(text(from)) to \(text(to)): they overlap") }
    let source = UnsafeMutableRawPointer(bitPattern: from.lowerBound)!
    UnsafeMutableRawPointer(bitPattern: to.lowerBound)!.copyMemory(from: source, byteCount: from.count)
    return slm_port_purge(source, from.count)
  }

  /// Whether ranges that don't overlap cover another.
  private func covers(_ ranges: [Range<UInt>], _ range: Range<UInt>) -> Bool {
    ranges.reduce(0) { $0 + $1.clamped(to: range).count } == range.count
  }

  private func text(_ range: Range<UInt>) -> String {
    String(range.lowerBound, radix: 16) + "..<" + String(range.upperBound, radix: 16)
  }
}

private func range(_ start: UnsafeMutableRawPointer, _ bytes: Int) -> Range<UInt> {
  UInt(bitPattern: start)..<UInt(bitPattern: start) + UInt(bytes)
}
