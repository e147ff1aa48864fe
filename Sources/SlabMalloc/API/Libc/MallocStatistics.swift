import CSlabPort

// What the C library's functions say of malloc: mallinfo, malloc_info, malloc_stats. All of them count the objects of
// the process at one moment, under the lock of the run pool.

private func takeCensus() -> ProcessCensus {
  ProcessPointer.shared.prepare()
  return ProcessPointer.shared.census()
}

/// `uordblks` is the sum of malloc_usable_size() over all live objects, the large ones included; `hblks` and `hblkhd`
/// are the large ones and the bytes of their pages; `arena` is all other pages; `fordblks` are pages that nobody uses,
/// and `keepcost` those of them that have memory.
@c(slm_override_mallinfo2)
@usableFromInline
func mallinfo2() -> slm_port_mallinfo2 {
  let census = takeCensus()
  let now = census.snapshot
  return slm_port_mallinfo2(
    arena: Int(now.pages.held - now.heaps.large), ordblks: 0, smblks: 0, hblks: Int(now.heaps.largeLive),
    hblkhd: Int(now.heaps.large), usmblks: 0, fsmblks: 0, uordblks: Int(census.objects.bytes),
    fordblks: Int(now.pages.dirty + now.pages.clean), keepcost: Int(now.pages.dirty))
}

/// The counts of mallinfo2 in 32 bits. They wrap, like glibc's.
@c(slm_override_mallinfo)
@usableFromInline
func mallinfo() -> slm_port_mallinfo {
  let wide = mallinfo2()
  func int(_ number: Int) -> Int32 { Int32(truncatingIfNeeded: number) }
  return slm_port_mallinfo(
    arena: int(wide.arena), ordblks: 0, smblks: 0, hblks: int(wide.hblks), hblkhd: int(wide.hblkhd), usmblks: 0,
    fsmblks: 0, uordblks: int(wide.uordblks), fordblks: int(wide.fordblks), keepcost: int(wide.keepcost))
}

/// The table of SLABMALLOC_STATS, on stderr or in its file.
@c(slm_override_malloc_stats)
@usableFromInline
func mallocStats() {
  ProcessPointer.shared.prepare()
  StatisticsPointer.shared.printTable()
}

/// Writes XML to a FILE of the C library. No option is known: EINVAL for any but 0, like glibc's.
///
///     <malloc version="slabmalloc-1">
///     <class size="64" slabs="2" count="1000"/>                    each size class that has slabs
///     <large count="3" size="1048576"/>
///     <total type="live" count="1003" size="1112576"/>             usable bytes, as in `uordblks`
///     <total type="dirty" size="65536"/>                           unused pages with memory
///     <total type="clean" size="3932160"/>                         unused pages without
///     <system type="current" size="5242880"/>                      all pages
///     </malloc>
@c(slm_override_malloc_info)
@usableFromInline
func mallocInfo(_ options: Int32, _ file: UnsafeMutableRawPointer) -> Int32 {
  guard options == 0 else { return slm_port_invalid() }
  let saved = slm_port_errno()
  // The file may allocate its buffer: nothing is written while the lock is held.
  let census = takeCensus()
  let now = census.snapshot
  var xml = XMLWriter(file: file)
  xml.write("<malloc version=\"slabmalloc-1\">")
  for index in 0..<Int(SizeClass.count) where census.slabs[index] != 0 {
    xml.open("<class")
    xml.add(" size", SizeClass.slotSize(UInt(index)))
    xml.add(" slabs", UInt(census.slabs[index]))
    xml.add(" count", census.objects.slots[index])
    xml.close()
  }
  xml.element("<large", count: census.objects.largeObjects, size: census.objects.largeBytes)
  xml.element("<total type=\"live\"", count: census.objects.objects, size: census.objects.bytes)
  xml.element("<total type=\"dirty\"", size: now.pages.dirty)
  xml.element("<total type=\"clean\"", size: now.pages.clean)
  xml.element("<system type=\"current\"", size: now.pages.held)
  xml.write("</malloc>")
  slm_port_set_errno(saved)
  return 0
}

/// Lines of XML for a FILE of the C library.
private struct XMLWriter {
  let file: UnsafeMutableRawPointer
  var line = TextLine()

  init(file: UnsafeMutableRawPointer) { self.file = file }

  mutating func write(_ text: StaticString) {
    line.add(text)
    line.write(to: file)
  }

  mutating func element(_ start: StaticString, count: UInt? = nil, size: UInt) {
    open(start)
    if let count { add(" count", count) }
    add(" size", size)
    close()
  }

  mutating func open(_ start: StaticString) { line.add(start) }

  mutating func add(_ name: StaticString, _ number: UInt) {
    line.add(name)
    line.add("=\"")
    line.add(number)
    line.add("\"")
  }

  mutating func close() { write("/>") }
}
