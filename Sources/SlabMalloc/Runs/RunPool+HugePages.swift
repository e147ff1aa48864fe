/// Where huge pages are advised, see `HugePages`. No system call is made under the lock.
///
/// Advice is only that: where two threads give it for the same pages at once, the map may state what one of them said
/// while the system follows the other.
extension UnsafeMutablePointer where Pointee == RunPool {
  /// Advises the huge pages that begin in a busy run and behind it, if the process grows into them by small slabs and
  /// is dense. A larger slab has few objects at first: it takes back what was advised there.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func adviseAhead(of run: RunPointer) {
    assertLocked()
    guard run.pointee.isClean, !run.pointee.isLone, let segment = hugeSegment, segment.contains(run.pointee.start)
    else { return }
    let (mode, start) = (pointee.options.hugePages, HugePages.end(run.pointee.start))
    if mode == .auto, UInt(run.pointee.pages) > HugePages.smallRun {
      return tell(.refused, segment, segment.advised(in: start..<HugePages.end(run.endAddress)))
    }
    let wish: HugePages.Told = mode == .never ? .refused : .advised
    let used = usedBytes
    guard mode != .auto || used >= HugePages.leastUsed, segment.told(start) != wish, hears(wish) else { return }
    // The more there is, the further ahead, so that there are fewer calls.
    let ahead = max(HugePages.size, min(HugePages.start(used / 32), HugePages.mostAhead))
    let range = start..<max(start, min(HugePages.start(segment.cleanEnd(behind: run)), start + ahead))
    guard !range.isEmpty,
      mode != .auto || segment.isOfSmallSlabs(before: start) && isDense(segment.samples(below: start))
    else { return }
    tell(wish, segment, range)
  }

  /// Advises the huge pages of a busy run for a large object of so many bytes, if it is likely to be touched as a
  /// whole. Otherwise it takes back what was advised there.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func adviseLarge(_ run: RunPointer, _ bytes: UInt) {
    assertLocked()
    guard bytes >= HugePages.leastLooked, let segment = hugeSegment else { return }
    let mode = pointee.options.hugePages
    let isLikely = mode == .always || mode == .auto && isLikelyDense(run, bytes)
    guard run.pointee.isClean, run.pointee.isLone || segment.contains(run.pointee.start) else { return }
    let start = HugePages.end(run.pointee.start)
    let inner = start..<max(start, HugePages.start(run.pointee.start + bytes))
    if run.pointee.isLone {
      if isLikely || mode == .never { tell(isLikely ? .advised : .refused, nil, inner) }
    } else if isLikely {
      adviseSegment(segment, inner, behind: run)
    } else {
      tell(.refused, segment, mode == .never ? inner : segment.advised(in: inner))
    }
  }

  /// Advises the huge pages at the start of a busy run, up to where a large object is about to be filled, and takes
  /// back what was advised behind that.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func adviseFilled(_ run: RunPointer, _ bytes: UInt) {
    assertLocked()
    guard run.pointee.isClean, run.bytes >= HugePages.size, let segment = hugeSegment else { return }
    let (start, mode) = (HugePages.end(run.pointee.start), pointee.options.hugePages)
    let filled = start..<max(start, HugePages.start(run.pointee.start + (mode == .always ? run.bytes : bytes)))
    let rest = filled.upperBound..<max(filled.upperBound, HugePages.start(run.endAddress))
    if run.pointee.isLone {
      return mode == .never ? tell(.refused, nil, start..<rest.upperBound) : tell(.advised, nil, filled)
    }
    guard segment.contains(run.pointee.start) else { return }
    tell(mode == .never ? .refused : .advised, segment, filled)
    tell(.refused, segment, mode == .never ? rest : segment.advised(in: rest))
  }

  /// The huge page in which the run ends is advised, too, if the process is about to grow into it.
  private func adviseSegment(_ segment: SegmentPointer, _ inner: Range<UInt>, behind run: RunPointer) {
    var (start, end) = (inner.lowerBound, inner.upperBound)
    let next = HugePages.end(run.endAddress)
    let isGrowing = pointee.options.hugePages == .always || usedBytes >= HugePages.leastUsed
    if isGrowing, next <= segment.cleanEnd(behind: run) { end = max(start, next) }
    while start < end, segment.told(start) == .advised { start += HugePages.size }
    tell(.advised, segment, start..<end)
  }

  /// The segment that has a map, unless the system has no huge pages for it.
  /// Requires: the lock of the run pool.
  var hugeSegment: SegmentPointer? {
    assertLocked()
    guard !isHardened, pointee.huge.system != HugePages.System.none, let segment = pointee.segments[0],
      segment.pointee.hugeMap != 0
    else { return nil }
    return segment
  }

  private var usedBytes: UInt {
    let pages = self.pages
    return pages.held - pages.dirty - pages.clean
  }

  /// Whether the system is to be told this. The first call asks the system what it does.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  private func hears(_ wish: HugePages.Told) -> Bool {
    assertLocked()
    if pointee.huge.system == nil {
      release()
      let system = HugePages.System(rawValue: pointee.system.hugePages()) ?? .none
      let mappings = pointee.system.mappings()
      acquire()
      pointee.huge.maxBorders = mappings / 16
      pointee.huge.system = system
    }
    // What is purged is refused in any case, or the system would fill it again.
    guard wish == .refused || pointee.huge.borders < pointee.huge.maxBorders else { return false }
    switch pointee.huge.system {
    case .advised: return wish == .advised || pointee.options.hugePages != .never
    case .always: return wish == .refused && pointee.options.hugePages == .never
    default: return false
    }
  }

  /// Tells the system of huge pages, in a segment or in a lone run. Nothing is told of an empty range.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  func tell(_ wish: HugePages.Told, _ segment: SegmentPointer?, _ range: Range<UInt>) {
    assertLocked()
    guard !range.isEmpty, hears(wish) else { return }
    release()
    let (start, bytes) = (range.lowerBound, range.upperBound - range.lowerBound)
    let isTold = pointee.system.adviseHuge(at: start, bytes, wish == .advised)
    acquire()
    if isTold, let segment { pointee.huge.borders += segment.note(wish, range) }
  }

  /// Whether enough is resident of the huge pages at these places.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  private func isDense(_ samples: InlineArray<4, UInt>) -> Bool {
    assertLocked()
    release()
    var (resident, bytes): (UInt, UInt) = (0, 0)
    for index in samples.indices where samples[index] != 0 {
      resident += pointee.system.resident(at: samples[index], HugePages.size)
      bytes += HugePages.size
    }
    acquire()
    return HugePages.isDense(resident, of: bytes)
  }

  /// Looks at an earlier large object, and says whether the one that gets this run is likely to be touched as a whole.
  /// Requires: the lock of the run pool. Releases the lock meanwhile.
  private func isLikelyDense(_ run: RunPointer, _ bytes: UInt) -> Bool {
    assertLocked()
    let place = pointee.huge.latest[0]
    pointee.huge.latest[0] = pointee.huge.latest[1]
    pointee.huge.latest[1] = HugePages.Place(start: run.pointee.start, bytes: bytes)
    guard bytes >= HugePages.size else { return false }
    // Only while it lives: what was freed may have been purged.
    if place.start != 0, let old = anyRun(around: place.start), old.pointee.kind == .large,
      old.pointee.start == place.start, LargeObject(old).size == place.bytes, hears(.advised)
    {
      release()
      let isDense = isTouched(place)
      acquire()
      pointee.huge.note(place.bytes, isDense: isDense)
    }
    return pointee.huge.isLikely(bytes)
  }

  /// Whether a large object is resident at eight places from its start to its end.
  private func isTouched(_ place: HugePages.Place) -> Bool {
    let page = UInt(pointee.system.pageSize)
    for index: UInt in 0..<8 {
      let offset = (place.bytes - page) / 7 * index / page * page
      if pointee.system.resident(at: place.start + offset, page) < page { return false }
    }
    return true
  }
}
