import CSlabTool
import Glibc

/// What a thread has in its registers: of a stopped thread, or as a core file has it.
///
///     NT_PRSTATUS        the general ones, in the order of the machine's struct user_regs
///     NT_FPREGSET, ...   floats and vectors: a copy in progress may have the only pointer to an object there
struct ThreadRegisters {
  let id: Int32
  let stackPointer: UInt
  /// Where the thread-local variables are, 0 if it is not known.
  var threadPointer: UInt
  /// All of them: each aligned word may be a pointer.
  var words: [UInt]

  /// Types of notes.
  static let general: Int32 = 1
  static let floats: Int32 = 2
  static let vectors: Int32 = 0x202
  static let armThreadPointer: Int32 = 0x401

  static let x86: UInt16 = 62
  static let arm: UInt16 = 183

  /// nil if a machine has no such registers.
  init?(_ id: Int32, general words: [UInt], machine: UInt16) {
    let isX86 = machine == Self.x86
    guard isX86 || machine == Self.arm, words.count >= (isX86 ? 27 : 34) else { return nil }
    self.id = id
    self.words = words
    stackPointer = words[isX86 ? 19 : 31]
    threadPointer = isX86 ? words[21] : 0
  }

  /// Adds another set.
  mutating func add(_ type: Int32, _ more: [UInt]) {
    if type == Self.armThreadPointer, let first = more.first { threadPointer = first }
    words += more
  }

  /// Of a thread that the tool has stopped; nil if it ended.
  init?(stopped id: Int32) {
    var buffer = [UInt](repeating: 0, count: 2048)
    func set(_ type: Int32) -> [UInt]? {
      let bytes = buffer.withUnsafeMutableBytes { slm_tool_registers(id, type, $0.baseAddress, $0.count) }
      return bytes < 0 ? nil : Array(buffer[0..<bytes / MemoryLayout<UInt>.size])
    }
    guard let words = set(Self.general) else { return nil }
    // Only the machine's own processes can be stopped, and their numbers of registers differ.
    self.init(id, general: words, machine: words.count == 27 ? Self.x86 : Self.arm)
    for type in [Self.floats, Self.vectors, Self.armThreadPointer] {
      if let more = set(type) { add(type, more) }
    }
  }
}
