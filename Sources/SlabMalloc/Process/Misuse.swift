import CSlabPort
import CSlabmalloc

/// What is called when a program frees what it must not.
struct MisuseHandler {
  typealias Function = @convention(c) (UnsafeMutableRawPointer?, UnsafeRawPointer) -> Void

  let function: Function?
  let context: UnsafeMutableRawPointer?

  /// One line on stderr, then abort.
  static var standard: Self { Self(function: nil, context: nil) }
}

/// What is told of a misuse: slabmalloc.h's `slm_misuse`.
struct Misuse {
  let structSize: UInt32
  let kind: Status
  let pointer: UInt
  /// 0 in none.
  let slotSize: UInt64
  /// Not told.
  let isLarge: Bool

  static var toldSize: UInt32 { 24 }
}

extension UnsafeMutablePointer where Pointee == ProcessHeap {
  /// Tells of a misuse. Returns what it is, if the program has a handler and that returns.
  @inline(never) func report(_ address: UInt, _ kind: Status) -> Status {
    let misuse = misuse(of: address, kind)
    TracePointer.shared.recordMisuse(address, kind, isLast: !isReady || pointee.misuse.function == nil)
    if isReady, let function = pointee.misuse.function {
      withUnsafePointer(to: misuse) { function(pointee.misuse.context, UnsafeRawPointer($0)) }
      return misuse.kind
    }
    misuse.write()
    slm_port_abort()
    return misuse.kind
  }

  /// Reports what a look at an address finds. A live one was freed by somebody else until now.
  func report(_ address: UInt) -> Status {
    let found = refusal(of: address, run(around: address))
    return report(address, found == .ok ? Status.doubleFree : found)
  }

  private func misuse(of address: UInt, _ kind: Status) -> Misuse {
    let run = run(around: address)
    let isObject = run.map { $0.pointee.kind != .unused && $0.pointee.kind != .metadata } ?? false
    let slotSize = isObject ? UInt64(run.unsafelyUnwrapped.pointee.slotSize) : 0
    return Misuse(
      structSize: Misuse.toldSize, kind: kind, pointer: address, slotSize: slotSize,
      isLarge: isObject && slotSize == 0)
  }

  /// Why an address is not that of a live object; ok if it is.
  func refusal(of address: UInt, _ run: RunPointer?) -> Status {
    guard let run else { return .foreignPointer }
    switch run.pointee.kind {
    case .slab:
      let (index, isStart) = run.place(of: address)
      guard isStart, index < UInt(run.pointee.slotCount) else { return .interiorPointer }
      return run.mark(index).pointee == Mark.used ? .ok : .doubleFree
    case .large: return run.pointee.start == address ? .ok : .interiorPointer
    case .free, .kept, .busy:
      // Memory that was given back whole, after its last object was freed.
      let wasUsed = run.pointee.slotSize != 0 || run.pointee.size != 0
      return wasUsed ? Status.doubleFree : .foreignPointer
    case .unused, .metadata: return .foreignPointer
    }
  }
}

extension Misuse {
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
