/// What a tool keeps of a page run: a copy of what its descriptor says.
struct RunFacts {
  let start: UInt
  let bytes: UInt
  let kind: PageRun.Kind
  /// Of a slab.
  let classIndex: Int
  let slotSize: UInt
  let slotDistance: UInt
  let slots: UInt
  let live: UInt
  /// Of a large object: what is usable.
  let objectBytes: UInt
  /// Of a slab the heap that owns it, of a large object the explicit heap that lists it: addresses, 0 if there is none.
  let heap: UInt
  /// Of unused memory: nothing lies behind it.
  let isClean: Bool

  /// - Parameter run: a copy, whose marks are a copy too.
  init(_ run: RunPointer) {
    start = run.pointee.start
    bytes = run.bytes
    kind = run.pointee.kind
    let isSlab = kind == .slab
    classIndex = isSlab ? Int(run.pointee.binIndex) : 0
    slotSize = isSlab ? UInt(run.pointee.slotSize) : 0
    slotDistance = isSlab ? (run.isHardened ? run.slotDistance : UInt(run.pointee.slotSize)) : 0
    slots = isSlab ? UInt(run.pointee.slotCount) : 0
    live = isSlab ? run.liveSlots : kind == .large ? 1 : 0
    objectBytes = kind == .large ? LargeObject(run).size : 0
    heap =
      isSlab ? UInt(bitPattern: run.currentOwner.heap) : kind == .large ? LargeObject(run).heapAddress : 0
    isClean = run.pointee.isClean
  }

  func contains(_ address: UInt) -> Bool { address >= start && address - start < bytes }

  /// The fill of a slab in percent; of a large object's pages, what the object has of them.
  var fill: UInt {
    switch kind {
    case .slab: TableLine.percent(live, of: slots)
    case .large: TableLine.percent(objectBytes, of: bytes)
    case .unused, .free, .kept, .busy, .metadata: 0
    }
  }
}
