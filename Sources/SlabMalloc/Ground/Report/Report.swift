/// A report: what a process, heap, zone or cache holds at one moment, as a table whose bytes add up. `ReportPrinter`
/// writes it as text and as JSON. The guide "Programs" explains every word of the table.
///
///                    live    free    metadata    dirty    clean    held
///     total            =       =         =         =        =        =     held: of the ledger
///     a size class     +       +         +         +        +        =
///     ...              +       +         +         +        +        =
///     large objects    +       +         +         +        +        =
///     free runs        +       +         +         +        +        =
///     metadata         +       +         +         +        +        =
///
/// Invariant: held = live + free + metadata + dirty + clean, in every row. The total of each column is the sum of the
/// rows. Both hold while no other thread uses the memory.
struct Report {
  let kind: Kind
  /// The program's name, or that of `slm_options`. The string is the caller's.
  var name: UnsafePointer<CChar>?
  let profile: Profile
  var total: ReportRow
  /// Of the live objects, those without a slot.
  var largeLive: UInt = 0
  /// The most bytes ever in slabs and large objects; of a zone or cache, the most held.
  var peak: UInt
  /// Limits in bytes, which a process has none of; 0: none.
  var softLimit: UInt = 0
  var hardLimit: UInt = 0
  /// Of a process alone.
  var process: ProcessFigures?
  /// The number of the table, from 1, if its rows know their bytes in the table before; else 0.
  var number: UInt = 0

  enum Kind {
    case process
    case heap
    case zone
    case cache
  }

  struct ProcessFigures {
    let id: UInt
    /// Bytes, ever.
    let taken: UInt
    let givenBack: UInt
    let purged: UInt
    let heaps: UInt
  }
}

extension Report {
  /// How full the slots are, in percent.
  var fill: UInt { TableLine.percent(total.live - largeLive, of: total.slots) }
}

/// A row of the table. Its fields are the columns.
struct ReportRow {
  var kind: Kind
  /// Bytes of a slot of a size class; else 0.
  var slotSize: UInt = 0
  var slabs: UInt = 0
  /// Of those, slabs without a live object.
  var emptySlabs: UInt = 0
  /// Slots of all slabs.
  var slots: UInt = 0
  /// Objects that are handed out.
  var live: UInt = 0
  // The rest is in bytes.
  var liveBytes: UInt = 0
  /// What no object has beside live ones: free slots, and the rest of a slab or of a large object's pages.
  var freeBytes: UInt = 0
  var metadataBytes: UInt = 0
  /// What nobody uses and has memory: empty slabs and free runs.
  var dirtyBytes: UInt = 0
  /// What nobody uses and has no memory.
  var cleanBytes: UInt = 0
  var heldBytes: UInt = 0
  /// `liveBytes` in the table before.
  var liveBytesBefore: UInt = 0

  enum Kind {
    case total
    case sizeClass
    case large
    case freeRuns
    /// Pages of a zone that caches have.
    case lent
    case metadata
    /// Slabs of a hardened zone whose guards were overwritten: nothing more is known of them.
    case broken
  }

  init(_ kind: Kind) { self.kind = kind }

  var isEmpty: Bool { heldBytes == 0 && slabs == 0 && liveBytesBefore == liveBytes }

  /// Adds a slab: `bytes` are those of its pages, `inside` those of its own metadata among them, `outside` those of
  /// its metadata elsewhere.
  mutating func addSlab(
    slots: UInt, live: UInt, slotSize: UInt, bytes: UInt, metadataInside inside: UInt = 0,
    metadataOutside outside: UInt = 0
  ) {
    slabs += 1
    self.slots += slots
    self.live += live
    liveBytes += live * slotSize
    metadataBytes += inside + outside
    if live == 0 {
      emptySlabs += 1
      dirtyBytes += bytes - inside
    } else {
      freeBytes += bytes - inside - live * slotSize
    }
    heldBytes += bytes + outside
  }

  /// Adds a large object in a run of so many bytes.
  mutating func addLarge(objectBytes: UInt, bytes: UInt) {
    live += 1
    liveBytes += objectBytes
    freeBytes += bytes - objectBytes
    heldBytes += bytes
  }

  mutating func addMetadata(_ bytes: UInt) {
    metadataBytes += bytes
    heldBytes += bytes
  }

  mutating func addUnused(_ bytes: UInt, isClean: Bool) {
    if isClean { cleanBytes += bytes } else { dirtyBytes += bytes }
    heldBytes += bytes
  }

  /// Adds another row, for the total.
  mutating func add(_ row: ReportRow) {
    slabs += row.slabs
    emptySlabs += row.emptySlabs
    slots += row.slots
    live += row.live
    liveBytes += row.liveBytes
    freeBytes += row.freeBytes
    metadataBytes += row.metadataBytes
    dirtyBytes += row.dirtyBytes
    cleanBytes += row.cleanBytes
    heldBytes += row.heldBytes
    liveBytesBefore += row.liveBytesBefore
  }
}
