import CSlabPort
import CSlabmalloc

/// A misuse, as it is reported: `slm_misuse`, and whether the pointer is of a large object.
struct Misuse {
  let kind: Status
  let pointer: UInt
  /// 0 if the pointer is in no slab.
  let slotSize: UInt64
  let isLarge: Bool
  /// The program asked for the usable size, and freed nothing.
  let isQuestion: Bool

  var c: slm_misuse {
    slm_misuse(
      struct_size: UInt32(MemoryLayout<slm_misuse>.size), kind: kind,
      pointer: UnsafeMutableRawPointer(bitPattern: pointer), slot_size: slotSize)
  }
}

/// Reports a misuse of the process's heaps: to the trace, and to the program's handler. Without a handler it writes a
/// line to stderr and aborts. The pool comes first, as in every function that `HeapPool` calls.
/// - Parameter pool: the `HeapPool` of the process.
func reportMisuse(_ pool: UnsafeMutableRawPointer, _ address: UInt, _ kind: Status, _ isQuestion: Bool) {
  let misuse = Misuse(pool.assumingMemoryBound(to: HeapPool.self), address, kind, isQuestion)
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
  fileprivate init(_ pool: HeapPoolPointer, _ address: UInt, _ kind: Status, _ isQuestion: Bool) {
    let run = pool.runs.run(around: address)
    let isObject = run.map { $0.pointee.kind != .unused && $0.pointee.kind != .metadata } ?? false
    let slotSize = isObject ? UInt64(run.unsafelyUnwrapped.pointee.slotSize) : 0
    // An object that had a mapping of its own, which is gone.
    let isEnded = run == nil && kind == .doubleFree
    self.init(
      kind: kind, pointer: address, slotSize: slotSize, isLarge: isObject && slotSize == 0 || isEnded,
      isQuestion: isQuestion)
  }

  fileprivate func write() {
    var line = TextLine()
    line.add("slabmalloc: ")
    switch kind {
    case .doubleFree where !isQuestion:
      line.add("double free of ")
      line.add(hex: pointer)
    case .overflow:
      line.add("write behind the end of ")
      line.add(hex: pointer)
    case .writeAfterFree:
      line.add("write to ")
      line.add(hex: pointer)
      line.add(" after it was freed")
    default:
      line.add(isQuestion ? "usable size of " : "free of ")
      line.add(hex: pointer)
      line.add(whatThePointerIs)
    }
    if slotSize != 0 {
      line.add(" (size class ")
      line.add(UInt(slotSize))
      line.add(")")
    } else if isLarge, kind != .foreignPointer {
      line.add(" (large object)")
    }
    line.addIds()
    line.write()
    if ProcessPointer.shared.pointee.printsCallStack { slm_port_write_call_stack() }
  }

  private var whatThePointerIs: StaticString {
    switch kind {
    case .doubleFree: ", which was freed"
    case .interiorPointer: ", which points into an object"
    case .layoutMismatch: " with a wrong size"
    default: ", which is no object of this heap"
    }
  }
}
