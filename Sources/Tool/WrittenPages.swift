/// Which pages of a range have been written to: others hold no pointer, and to read them would take time.
///
/// /proc/PID/pagemap has a word for each page. Private memory that was written to is neither absent nor a page of a
/// file. Of shared memory, what the process has not mapped is left out.
///
///     bit 63  in memory
///     bit 62  in swap
///     bit 61  of a file, or shared
enum WrittenPages {
  private static let pageBytes: UInt = 4096
  private static let isThere: UInt64 = 3 << 62
  private static let isFile: UInt64 = 1 << 61

  /// The parts of a range that are to be read. All of it where the system says nothing, and in core files.
  static func parts(of range: Range<UInt>, isPrivate: Bool, in source: any Source) -> [Range<UInt>] {
    guard let process = source as? RunningProcess, process.pageBytes == pageBytes else { return [range] }
    var parts: [Range<UInt>] = []
    var start = range.lowerBound
    while start < range.upperBound {
      let page = start / pageBytes
      let count = min(65536, (range.upperBound - 1) / pageBytes - page + 1)
      let end = min(range.upperBound, (page + count) * pageBytes)
      guard let entries = process.entries(page, Int(count)) else {
        // The kernel's own pages at the end of the address space have none.
        add(start..<end, to: &parts)
        start = end
        continue
      }
      for (index, entry) in entries.enumerated() where entry & isThere != 0 && !(isPrivate && entry & isFile != 0) {
        let place = (page + UInt(index)) * pageBytes
        add(max(place, start)..<min(place + pageBytes, end), to: &parts)
      }
      start = end
    }
    return parts
  }

  private static func add(_ part: Range<UInt>, to parts: inout [Range<UInt>]) {
    if let last = parts.last, last.upperBound == part.lowerBound {
      parts[parts.count - 1] = last.lowerBound..<part.upperBound
    } else {
      parts.append(part)
    }
  }
}
