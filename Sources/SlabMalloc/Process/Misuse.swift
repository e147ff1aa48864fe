import CSlabPort
import CSlabmalloc

/// A misuse, as it is reported: `slm_misuse`, and whether the pointer is of a large object.
struct Misuse {
  let kind: Status
  let pointer: UInt
  /// 0 if the pointer is in no slab.
  let slotSize: UInt64
  let isLarge: Bool

  var c: slm_misuse {
    slm_misuse(
      struct_size: UInt32(MemoryLayout<slm_misuse>.size), kind: kind,
      pointer: UnsafeMutableRawPointer(bitPattern: pointer), slot_size: slotSize)
  }
}

/// Reports a misuse of the process's heaps: to the trace, and to the program's handler. Without a handler it writes a
/// line to stderr and aborts. The pool comes first, as in every function that `HeapPool` calls.
/// - Parameter pool: the `HeapPool` of the process.
func reportMisuse(_ pool: UnsafeMutableRawPointer, _ address: UInt, _ kind: Status) {
  let misuse = Misuse(pool.assumingMemoryBound(to: HeapPool.self), address, kind)
  let handler = ProcessPointer.shared.misuseHandler
  TracePointer.shared.recordMisuse(address, kind, isLast: handler.function == nil)
  if let function = handler.function {
    withUnsafePointer(to: misuse.c) { function(handler.context, $0) }
    return
  }
  misuse.write()
  slm_port_abort()
}

extension Misuse {
  fileprivate init(_ pool: HeapPoolPointer, _ address: UInt, _ kind: Status) {
    let run = pool.runs.run(around: address)
    let isObject = run.map { $0.pointee.kind != .unused && $0.pointee.kind != .metadata } ?? false
    let slotSize = isObject ? UInt64(run.unsafelyUnwrapped.pointee.slotSize) : 0
    self.init(kind: kind, pointer: address, slotSize: slotSize, isLarge: isObject && slotSize == 0)
  }

  fileprivate func write() {
    var line = TextLine()
    line.add("slabmalloc: ")
    switch kind {
    case .doubleFree:
      line.add("double free of ")
      line.add(hex: pointer)
    case .interiorPointer:
      line.add("free of ")
      line.add(hex: pointer)
      line.add(", which points into an object")
    case .overflow:
      line.add("write behind the end of ")
      line.add(hex: pointer)
    case .writeAfterFree:
      line.add("write to ")
      line.add(hex: pointer)
      line.add(" after it was freed")
    case .layoutMismatch:
      line.add("free of ")
      line.add(hex: pointer)
      line.add(" with a wrong size")
    default:
      line.add("free of ")
      line.add(hex: pointer)
      line.add(", which is no object of this heap")
    }
    if slotSize != 0 {
      line.add(" (size class ")
      line.add(UInt(slotSize))
      line.add(")")
    } else if isLarge, kind != .foreignPointer {
      line.add(" (large object)")
    }
    line.write()
  }
}
