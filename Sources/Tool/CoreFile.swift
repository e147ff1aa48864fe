import Glibc

/// A core file: what a process had in memory when it ended, or when gcore(1) was asked for it. Pages of files are left
/// out of most cores. They are read from the files, which the core names.
///
///     PT_LOAD    address -> offset in the core
///     NT_FILE    address -> offset in a file, and its path
///     NT_PRPSINFO the process's number and its program's name
///     NT_PRSTATUS the registers of a thread; the notes that follow have more of them
final class CoreFile: Source {
  let name: String
  private(set) var processID: UInt = 0
  private(set) var programName = ""
  var isRunning: Bool { false }
  private let file: Int32
  private let fileBytes: UInt
  private var machine: UInt16 = 0
  /// What the core has, by address, and apart.
  private var loads: [ProgramHeader] = []
  /// What the core says was there, and does not have.
  private var holes: [ProgramHeader] = []
  private var mapped: [Mapping] = []
  private(set) var threads: [ThreadRegisters] = []
  /// An address in the first thread's stack.
  private var inStack: UInt = 0
  /// Part of the memory is behind the end of the file.
  private var isCutOff = false

  init(_ path: String) throws(ToolError) {
    name = path
    file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard file >= 0 else { throw .unreadable("\(path): \(systemError())") }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable("\(path) is neither a process nor a core file")
    }
    fileBytes = UInt(status.st_size)
    let refusal = ToolError.unreadable("\(path) is no core file of a 64-bit program")
    guard let start = part(0, UInt(ElfHeader.size)), var header = start.withUnsafeBytes({ ElfHeader($0) }),
      header.type == ElfHeader.core
    else { throw refusal }
    machine = header.machine
    if header.headerCount == ElfHeader.manyHeaders, let section = part(header.sectionsOffset, ElfHeader.sectionSize) {
      header.headerCount = section.withUnsafeBytes { ElfHeader.headerCount($0) }
    }
    guard let headers = part(header.headersOffset, UInt(header.headersBytes)) else {
      throw .unreadable("\(path) is cut off: it ends within its headers")
    }
    let all = headers.withUnsafeBytes { ElfHeader.programHeaders($0) }
    loads = all.filter { $0.type == ProgramHeader.load }
    // What is read later adds these without a check.
    guard !loads.contains(where: { isEndless($0.offset, $0.fileBytes) || isEndless($0.address, $0.fileBytes) }) else {
      throw .unreadable("\(path) is damaged: a part of its memory has no end")
    }
    holes = loads.filter { $0.fileBytes == 0 }
    loads = loads.filter { $0.fileBytes > 0 }.sorted { $0.address < $1.address }
    // Linux writes one for each mapping: what an address holds would depend on which is found first.
    guard zip(loads, loads.dropFirst()).allSatisfy({ $0.address + $0.fileBytes <= $1.address }) else {
      throw .unreadable("\(path) is damaged: parts of its memory overlap")
    }
    isCutOff = loads.contains { $0.offset + $0.fileBytes > fileBytes }
    for note in all where note.type == ProgramHeader.note {
      guard let bytes = part(note.offset, note.fileBytes) else {
        throw .unreadable("\(path) is cut off: it ends within its notes")
      }
      guard bytes.withUnsafeBytes({ readNotes($0) }) else {
        throw .unreadable("\(path) is damaged: its list of mapped files cannot be one")
      }
    }
  }

  deinit { close(file) }

  /// nil, and no memory taken, if the file ends before.
  private func part(_ offset: UInt, _ count: UInt) -> [UInt8]? {
    guard offset <= fileBytes, count <= fileBytes - offset else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(count))
    return bytes.withUnsafeMutableBytes({ readFully(file, $0, offset) }) ? bytes : nil
  }

  /// False if they are damaged.
  private func readNotes(_ bytes: UnsafeRawBufferPointer) -> Bool {
    for note in ElfNote.all(bytes) where note.name == "CORE" || note.name == "LINUX" {
      let record = UnsafeRawBufferPointer(rebasing: bytes[note.record])
      let type = Int32(truncatingIfNeeded: note.type)
      switch type {
      case 3 where record.count >= 56:  // NT_PRPSINFO
        processID = UInt(record.loadUnaligned(fromByteOffset: 24, as: UInt32.self))
        programName = String(decoding: record[40..<56].prefix { $0 != 0 }, as: UTF8.self)
      case 6:  // NT_AUXV: the random bytes of AT_RANDOM lie in the stack
        let words = Self.words(record)
        for index in stride(from: 0, to: words.count - 1, by: 2) where words[index] == 25 { inStack = words[index + 1] }
      case 0x4649_4C45: guard readMappedFiles(record) else { return false }  // NT_FILE
      case ThreadRegisters.general where record.count >= 120:  // NT_PRSTATUS
        let id = record.loadUnaligned(fromByteOffset: 32, as: Int32.self)
        let words = Self.words(UnsafeRawBufferPointer(rebasing: record[112..<record.count - 8]))
        if let thread = ThreadRegisters(id, general: words, machine: machine) { threads.append(thread) }
      case ThreadRegisters.floats, ThreadRegisters.vectors, ThreadRegisters.armThreadPointer:
        if !threads.isEmpty { threads[threads.count - 1].add(type, Self.words(record)) }
      default: break
      }
    }
    return true
  }

  private static func words(_ bytes: UnsafeRawBufferPointer) -> [UInt] {
    (0..<bytes.count / 8).map { UInt(bytes.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)) }
  }

  /// count, bytes of a page; start, end and offset in pages of each; then the paths.
  private func readMappedFiles(_ record: UnsafeRawBufferPointer) -> Bool {
    func word(_ index: Int) -> UInt { UInt(record.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)) }
    guard record.count >= 16, let count = Int(exactly: word(0)), count <= (record.count - 16) / 24 else { return false }
    var rest = record[(2 + 3 * count) * 8..<record.count]
    for index in 0..<count {
      let path = rest.prefix { $0 != 0 }
      rest = rest.dropFirst(path.count + 1)
      let (start, end) = (word(2 + 3 * index), word(3 + 3 * index))
      let (offset, isTooFar) = word(4 + 3 * index).multipliedReportingOverflow(by: word(1))
      guard start <= end, !isTooFar, !isEndless(offset, end - start) else { return false }
      mapped.append(Mapping(start: start, end: end, offset: offset, path: String(decoding: path, as: UTF8.self)))
    }
    return true
  }

  func regions() -> [Region] {
    (loads + holes).map { load in
      let file = mapped.first { load.address >= $0.start && load.address < $0.end }
      let bytes = max(load.fileBytes, min(load.memoryBytes, UInt.max - load.address))
      let range = load.address..<load.address + bytes
      return Region(
        range: range, isWritable: load.flags & ProgramHeader.writable != 0,
        isExecutable: load.flags & ProgramHeader.executable != 0, isPrivate: true,
        path: file?.path ?? (range.contains(inStack) ? "[stack]" : ""))
    }
  }

  func images() -> [Image] { Image.all(mapped) }

  func read(_ address: UInt, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
    guard !isEndless(address, UInt(buffer.count)) else { return false }
    var done = 0
    while done < buffer.count {
      let place = address + UInt(done)
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      guard let count = readPart(place, rest), count > 0 else { return false }
      done += count
    }
    return true
  }

  /// Reads up to the end of what is in one place. nil if it is nowhere.
  private func readPart(_ address: UInt, _ buffer: UnsafeMutableRawBufferPointer) -> Int? {
    if let load = load(around: address) {
      let count = Int(min(UInt(buffer.count), load.fileBytes - (address - load.address)))
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[0..<count])
      return readFully(file, part, load.offset + (address - load.address)) ? count : nil
    }
    guard let found = mapped.first(where: { address >= $0.start && address < $0.end }) else { return nil }
    // The core names the file: it may be a device by now, and opening one may wait or have an effect.
    let other = open(found.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard other >= 0 else { return nil }
    defer { close(other) }
    var status = stat()
    guard fstat(other, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    let count = Int(min(UInt(buffer.count), found.end - address))
    let part = UnsafeMutableRawBufferPointer(rebasing: buffer[0..<count])
    return readFully(other, part, found.offset + (address - found.start)) ? count : nil
  }

  /// The part of the core that has an address.
  private func load(around address: UInt) -> ProgramHeader? {
    var (low, high) = (0, loads.count)
    while low < high {
      let middle = (low + high) / 2
      if loads[middle].address <= address { low = middle + 1 } else { high = middle }
    }
    guard low > 0, address - loads[low - 1].address < loads[low - 1].fileBytes else { return nil }
    return loads[low - 1]
  }

  func explain(_ what: String) -> ToolError {
    .unreadable("\(name): \(what) " + (isCutOff ? "is missing: the file is cut off" : "is not in the core"))
  }
}

/// Whether no number is the end of a range.
private func isEndless(_ start: UInt, _ count: UInt) -> Bool { start.addingReportingOverflow(count).overflow }

/// Fills a buffer from a place in a file. False if the file ends before.
private func readFully(_ file: Int32, _ buffer: UnsafeMutableRawBufferPointer, _ offset: UInt) -> Bool {
  var done = 0
  while done < buffer.count {
    guard let start = buffer.baseAddress, let place = off_t(exactly: offset &+ UInt(done)) else { return false }
    let got = pread(file, start + done, buffer.count - done, place)
    if got < 0, errno == EINTR { continue }
    guard got > 0 else { return false }
    done += got
  }
  return true
}
