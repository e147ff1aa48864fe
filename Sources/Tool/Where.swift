extension Command {
  static let whereIs = Command(
    name: "where", usage: "[--json] PID|CORE ADDRESS...",
    summary: "Tell which slab, size class, slot and state an address has.",
    options: [("json", "one line of JSON for each address")],
    examples: ["slabmalloc where 4711 0x7f0012345680", "slabmalloc where --json core 0x7f0012345680 | jq -r .state"],
    body: { (options) throws(ToolError) in
      guard options.operands.count > 1 else { throw .usage("it takes a process or a core file, and addresses") }
      var addresses: [UInt] = []
      for text in options.operands.dropFirst() {
        let digits = text.hasPrefix("0x") || text.hasPrefix("0X") ? String(text.dropFirst(2)) : text
        guard let address = UInt(digits, radix: 16) else { throw .usage("\(text) is no address") }
        addresses.append(address)
      }
      let source = try openSource(options.operands[0])
      let readers = try HeapReader.all(in: source)
      var isAnyMissing = false
      for address in addresses {
        let place = try Place(address, readers)
        if place.run == nil { isAnyMissing = true }
        Output.put((options.has("json") ? place.json : place.text) + "\n")
      }
      guard !isAnyMissing else {
        try Output.finish()
        throw .nothing("not every address is in memory of slabmalloc")
      }
    })
}

/// An address, and what lies there.
private struct Place {
  let address: UInt
  var run: RunFacts?
  /// Of a slab.
  var slot: UInt = 0
  /// From the start of the slot or the run.
  var offset: UInt = 0
  var state = State.none

  enum State: String {
    case live
    case free
    /// By another thread than the slab's: the owner has not collected it.
    case freedRemotely = "freed by another thread"
    case retired = "retired: written to after it was freed"
    case rest = "no slot: the rest of the slab"
    case unused = "unused"
    case metadata = "metadata"
    case none = "not in memory of slabmalloc"
  }

  init(_ address: UInt, _ readers: [HeapReader]) throws(ToolError) {
    self.address = address
    for reader in readers {
      let reading = try reader.read(marked: .around(address))
      guard let run = reading.runs.first(where: { $0.contains(address) }) else { continue }
      self.run = run
      offset = address - run.start
      switch run.kind {
      case .slab:
        slot = offset / run.slotDistance
        offset %= run.slotDistance
        state = slot < run.slots ? Place.state(reading.marks[run.start]?[Int(slot)] ?? Mark.none) : .rest
      case .large: state = offset < run.objectBytes ? .live : .unused
      case .metadata: state = .metadata
      case .unused, .free, .kept, .busy: state = .unused
      }
      return
    }
  }

  private static func state(_ mark: UInt8) -> State {
    switch mark {
    case Mark.used, Mark.sampled: .live
    case Mark.remote, Mark.clearing: .freedRemotely
    case Mark.retired: .retired
    default: .free
    }
  }

  private var inSlot: Bool { run?.kind == .slab && slot < run?.slots ?? 0 }

  private var stateText: String {
    switch state {
    case .live: Colour.green.paint(state.rawValue)
    case .retired, .none: Colour.red.paint(state.rawValue)
    default: state.rawValue
    }
  }

  var text: String {
    let state = stateText
    guard let run else { return "\(hex(address)): \(state)" }
    let place = "\(hex(run.start)), \(run.bytes) bytes"
    switch run.kind {
    case .slab where inSlot:
      return "\(hex(address)): \(state); byte \(offset) of slot \(slot) of \(run.slots), size class "
        + "\(run.slotSize), in the slab at \(place), \(run.live) live"
    case .slab: return "\(hex(address)): \(state) at \(place), size class \(run.slotSize)"
    case .large: return "\(hex(address)): \(state); byte \(offset) of the large object at \(place)"
    default: return "\(hex(address)): \(state), \(run.what), in the run at \(place)"
    }
  }

  var json: String {
    var text = "{\"address\":\"\(hex(address))\",\"state\":\"\(state.rawValue)\""
    guard let run else { return text + "}" }
    text +=
      ",\"what\":\"\(run.kind == .slab ? "slab" : run.what)\",\"run\":\"\(hex(run.start))\",\"bytes\":\(run.bytes)"
    if run.kind == .slab { text += ",\"slot_bytes\":\(run.slotSize),\"slots\":\(run.slots),\"live\":\(run.live)" }
    if inSlot { text += ",\"slot\":\(slot)" }
    return text + ",\"offset\":\(offset)}"
  }
}
