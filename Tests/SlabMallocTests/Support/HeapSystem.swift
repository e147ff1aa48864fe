import CSlabPort
import Foundation

@testable import SlabMalloc

/// The system below heaps under test: real memory, but every call is counted and checked, and fails on order.
///
/// It is called through functions without a context, so there is one. Tests run one after the other.
struct HeapSystem {
  enum Call: Int, CaseIterable {
    case reserve, map, commit, decommit, purge, unmap, remap, move, adviseHuge
  }

  nonisolated(unsafe) static var current = HeapSystem(pageSize: 4096)

  let pageSize: Int
  /// What the clock says.
  var now: UInt64 = 1_000_000
  /// Whether a call fails. All calls are numbered from 1.
  var fails: (_ call: Call, _ number: Int, _ bytes: Int) -> Bool = { _, _, _ in false }
  /// Whether there are more mappings: if not, memory becomes usable only right behind memory that is.
  var hasMappings = true
  /// How many mappings it says that there may be.
  var mappings = 65_530
  /// Whether another mapping lies where one is wanted.
  var isTaken: (Range<UInt>) -> Bool = { _ in false }
  /// Runs before a purge, and before memory is unmapped or moved: heaps don't hold their lock then.
  var duringPurge: () -> Void = {}
  var duringUnmap: () -> Void = {}
  var duringDecommit: () -> Void = {}
  /// What it does about huge pages: none, unless a test wants some.
  var hugePages = HugePages.System.none
  /// Huge pages that are advised, and those that are advised against.
  private(set) var advised: Set<UInt> = []
  private(set) var refused: Set<UInt> = []
  private(set) var calls = 0
  private(set) var failures = 0
  /// Stretches of address space that could not be given back.
  var lost: Int { joined(lostRanges).count }
  private var lostRanges: [Range<UInt>] = []
  /// What should not have happened.
  private(set) var errors: [String] = []
  private var counts: [Call: Int] = [:]
  /// Address space that is out, a range for each reserve, and what of it is usable.
  private var reserves: [Range<UInt>] = []
  private var usable: [Range<UInt>] = []
  /// Address space that core dumps leave out.
  private var excluded: [Range<UInt>] = []
  /// Places for segments, and what of them is mapped.
  private var places: [Range<UInt>] = []
  private var mapped: [Range<UInt>] = []
  /// Reserves of segments whose pages were given back.
  private var stumps = 0

  init(pageSize: Int) { self.pageSize = pageSize }

  func count(_ call: Call) -> Int { counts[call, default: 0] }
  /// Whether a byte may be touched.
  func isUsable(_ address: UInt) -> Bool { usable.contains { $0.contains(address) } }
  /// Reserves and places that are out.
  var reserved: Int { reserves.count + places.count - stumps }
  var reservedBytes: UInt { (reserves + mapped).reduce(0) { $0 + UInt($1.count) } }
  /// Stretches of usable memory.
  var islands: Int { joined(usable).count }

  /// The functions, for this system once it is `current`.
  var memory: SystemMemory {
    SystemMemory(
      reserve: { HeapSystem.current.reserve($0) }, place: { HeapSystem.current.place($0, $1) },
      map: { HeapSystem.current.map(range($0, $1), isUsable: $2 != 0) },
      commit: { HeapSystem.current.commit(range($0, $1)) },
      decommit: { HeapSystem.decommit(range($0, $1)) },
      purge: { HeapSystem.purge(range($0, $1)) },
      excludeFromDumps: { HeapSystem.current.excludeFromDumps(range($0, $1)) },
      includeInDumps: { HeapSystem.current.includeInDumps(range($0, $1)) },
      unmap: { HeapSystem.unmap(range($0, $1)) },
      remap: { HeapSystem.remap(range($0, $1), $2, $3) },
      remapAnywhere: { HeapSystem.current.remapAnywhere(range($0, $1), $2) },
      move: { HeapSystem.current.move(from: range($0, $2), to: range($1, $2)) },
      hugePages: { HeapSystem.current.hugePages.rawValue },
      adviseHuge: { HeapSystem.current.adviseHuge(range($0, $1), isWanted: $2 != 0) },
      resident: { Int(slm_port_resident($0, $1)) }, pageSize: pageSize,
      mappings: { HeapSystem.current.mappings }, milliseconds: { HeapSystem.current.now })
  }

  /// Gives all address space back.
  mutating func end() {
    for range in reserves + places { munmap(UnsafeMutableRawPointer(bitPattern: range.lowerBound), range.count) }
    (reserves, places, mapped, usable) = ([], [], [], [])
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

  private mutating func reserve(_ bytes: Int) -> UnsafeMutableRawPointer? {
    guard !refuses(.reserve, bytes), let range = find(bytes) else { return nil }
    reserves.append(range)
    return UnsafeMutableRawPointer(bitPattern: range.lowerBound)
  }

  /// Address space at an address that is a multiple of the page size, and of no more.
  private mutating func find(_ bytes: Int) -> Range<UInt>? {
    if bytes % pageSize != 0 { errors.append("reserve of \(bytes) bytes: no whole pages") }
    let alignment = 2 * max(UInt(pageSize), PageRun.pageSize)
    let all = bytes + 2 * Int(alignment)
    guard let memory = slm_port_reserve(all) else {
      errors.append("no address space for \(bytes) bytes")
      return nil
    }
    let start = roundUp(UInt(bitPattern: memory), to: alignment) + UInt(pageSize)
    let (first, end) = (UInt(bitPattern: memory), start + UInt(bytes))
    munmap(memory, Int(start - first))
    munmap(UnsafeMutableRawPointer(bitPattern: end), Int(first + UInt(all) - end))
    return start..<end
  }

  /// The place is reserved, in truth.
  private mutating func place(_ bytes: Int, _ head: Int) -> UnsafeMutableRawPointer? {
    guard !refuses(.reserve, bytes), let place = find(bytes) else { return nil }
    places.append(place)
    let start = UnsafeMutableRawPointer(bitPattern: place.lowerBound)!
    guard map(range(start, head), isUsable: true) == 0 else {
      places.removeLast()
      munmap(start, bytes)
      return nil
    }
    return start
  }

  private mutating func map(_ range: Range<UInt>, isUsable: Bool) -> Int32 {
    guard !refuses(.map, range.count) else { return -1 }
    guard !isTaken(range) else {
      failures += 1
      return 1
    }
    check(.map, range, in: places)
    if mapped.contains(where: { $0.overlaps(range) }) { errors.append("map of \(text(range)): mapped already") }
    mapped = adding(range, to: mapped)
    guard isUsable else { return 0 }
    usable = adding(range, to: usable)
    return slm_port_commit(UnsafeMutableRawPointer(bitPattern: range.lowerBound)!, range.count)
  }

  private mutating func commit(_ range: Range<UInt>) -> Int32 {
    guard !refuses(.commit, range.count) else { return -1 }
    guard hasMappings || usable.contains(where: { ($0.lowerBound + 1...$0.upperBound).contains(range.lowerBound) }),
      hasMappings || isDumped(range)
    else {
      failures += 1
      return -1
    }
    if !isDumped(range) { errors.append("commit of \(text(range)): core dumps leave it out") }
    check(.commit, range, in: reserves + mapped)
    // What it refused to protect is usable still.
    if usable.contains(where: { $0.overlaps(range) }), failures == 0, mappings >= 65_530 {
      errors.append("commit of \(text(range)): usable already")
    }
    usable = adding(range, to: usable)
    return slm_port_commit(UnsafeMutableRawPointer(bitPattern: range.lowerBound)!, range.count)
  }

  private static func decommit(_ range: Range<UInt>) -> Int32 {
    let work = current.duringDecommit
    work()
    return current.decommit(range)
  }

  private mutating func decommit(_ range: Range<UInt>) -> Int32 {
    guard !refuses(.decommit, range.count) else { return -1 }
    check(.decommit, range, in: reserves + mapped)
    usable = without(range, usable)
    return slm_port_protect(UnsafeMutableRawPointer(bitPattern: range.lowerBound)!, range.count)
  }

  /// Whether core dumps have all of it.
  func isDumped(_ range: Range<UInt>) -> Bool { !excluded.contains { $0.overlaps(range) } }

  private mutating func excludeFromDumps(_ range: Range<UInt>) -> Int32 {
    check(.reserve, range, in: reserves + mapped)
    if usable.contains(where: { $0.overlaps(range) }) {
      errors.append("\(text(range)): usable, and left out of core dumps")
    }
    excluded.append(range)
    return 0
  }

  /// Without more mappings an excluded range can be included only as a whole.
  private mutating func includeInDumps(_ range: Range<UInt>) -> Int32 {
    check(.reserve, range, in: reserves + mapped)
    guard hasMappings || excluded.allSatisfy({ !$0.overlaps(range) || $0.clamped(to: range) == $0 }) else { return -1 }
    excluded = excluded.flatMap { old -> [Range<UInt>] in
      guard old.overlaps(range) else { return [old] }
      return [
        old.lowerBound..<max(old.lowerBound, range.lowerBound), min(old.upperBound, range.upperBound)..<old.upperBound,
      ].filter { !$0.isEmpty }
    }
    return 0
  }

  private static func purge(_ range: Range<UInt>) -> Int32 {
    // Another thread's turn, which may call the system too.
    let work = current.duringPurge
    work()
    return current.purge(range)
  }

  private mutating func purge(_ range: Range<UInt>) -> Int32 {
    guard !refuses(.purge, range.count) else { return -1 }
    check(.purge, range, in: reserves + mapped)
    return slm_port_purge(UnsafeMutableRawPointer(bitPattern: range.lowerBound)!, range.count)
  }

  /// Noted, and not done: what is resident is what the test touched.
  private mutating func adviseHuge(_ range: Range<UInt>, isWanted: Bool) -> Int32 {
    guard !refuses(.adviseHuge, range.count) else { return -1 }
    check(.adviseHuge, range, in: reserves + mapped)
    if range.lowerBound % HugePages.size != 0 || UInt(range.count) % HugePages.size != 0 {
      errors.append("adviseHuge of \(text(range)): no whole huge pages")
    }
    let pages = Set(stride(from: range.lowerBound, to: range.upperBound, by: Int(HugePages.size)))
    advised = isWanted ? advised.union(pages) : advised.subtracting(pages)
    refused = isWanted ? refused.subtracting(pages) : refused.union(pages)
    return 0
  }

  private static func unmap(_ range: Range<UInt>) -> Int32 {
    let work = current.duringUnmap
    work()
    return current.unmap(range)
  }

  private mutating func unmap(_ range: Range<UInt>) -> Int32 {
    guard !refuses(.unmap, range.count) else {
      lostRanges.append(range)
      return -1
    }
    check(.unmap, range, in: reserves)
    if let reserve = reserves.first(where: { $0.overlaps(range) }), reserve.lowerBound < range.lowerBound,
      !isUsable(reserve.lowerBound), isUsable(reserve.lowerBound + UInt(pageSize))
    {
      // A guard page, the segment, and its table remain.
      stumps += 1
    }
    excluded.removeAll { range.contains($0.lowerBound) }
    reserves = without(range, reserves)
    usable = without(range, usable)
    return munmap(UnsafeMutableRawPointer(bitPattern: range.lowerBound), range.count)
  }

  private static func remap(_ range: Range<UInt>, _ bytes: Int, _ to: UnsafeMutableRawPointer?) -> Int32 {
    let work = current.duringUnmap
    work()
    return current.remap(range, bytes, to)
  }

  private mutating func remap(_ old: Range<UInt>, _ bytes: Int, _ to: UnsafeMutableRawPointer?) -> Int32 {
    guard !refuses(.remap, bytes) else { return -1 }
    check(.remap, old, in: usable)
    let new = range(to ?? UnsafeMutableRawPointer(bitPattern: old.lowerBound)!, bytes)
    if to != nil { check(.remap, new, in: reserves) }
    if to != nil, usable.contains(where: { $0.overlaps(new) }) {
      errors.append("remap to \(text(new)): usable already")
    }
    let result = slm_port_remap(UnsafeMutableRawPointer(bitPattern: old.lowerBound)!, old.count, bytes, to)
    // Where it is, there may be no room, in truth.
    guard result == 0 else { return result }
    usable = without(old, usable) + [new]
    if to != nil {
      reserves = without(old, reserves)
    } else if let index = reserves.firstIndex(where: { $0.overlaps(old) }) {
      reserves[index] = reserves[index].lowerBound..<new.upperBound
    }
    return result
  }

  private mutating func remapAnywhere(_ old: Range<UInt>, _ bytes: Int) -> UnsafeMutableRawPointer? {
    guard !refuses(.remap, bytes) else { return nil }
    check(.remap, old, in: usable)
    let place = slm_port_remap_anywhere(UnsafeMutableRawPointer(bitPattern: old.lowerBound)!, old.count, bytes)
    guard let place else { return nil }
    let new = range(place, bytes)
    usable = without(old, usable) + [new]
    reserves = without(old, reserves) + [new]
    return place
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

  /// Ranges of which neighbours are one.
  private func joined(_ ranges: [Range<UInt>]) -> [Range<UInt>] {
    ranges.sorted { $0.lowerBound < $1.lowerBound }.reduce(into: []) { ranges, range in
      if let last = ranges.last, range.lowerBound <= last.upperBound {
        ranges[ranges.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        ranges.append(range)
      }
    }
  }

  /// Ranges with one more, which is one with the range before it.
  private func adding(_ range: Range<UInt>, to ranges: [Range<UInt>]) -> [Range<UInt>] {
    var ranges = ranges.contains { $0.overlaps(range) } ? without(range, ranges) : ranges
    if let index = ranges.firstIndex(where: { $0.upperBound == range.lowerBound }) {
      ranges[index] = ranges[index].lowerBound..<range.upperBound
    } else {
      ranges.append(range)
    }
    return ranges
  }

  /// What is left of ranges without another.
  private func without(_ range: Range<UInt>, _ ranges: [Range<UInt>]) -> [Range<UInt>] {
    ranges.flatMap { old -> [Range<UInt>] in
      guard old.overlaps(range) else { return [old] }
      return [
        old.lowerBound..<max(old.lowerBound, range.lowerBound), min(old.upperBound, range.upperBound)..<old.upperBound,
      ].filter { !$0.isEmpty }
    }
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
