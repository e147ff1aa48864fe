import CSlabmalloc

/// The head of a zone: the fields that the fast paths read first. They are the first bytes of each zone, plain or
/// shared.
///
/// The fast paths make no check of their own. They leave by themselves where the head offers no slots:
///
///     head of               directLimit   directory   seal    an allocation leaves   a deallocation leaves
///     zero-filled memory        0           empty       0      by its size            by the empty root
///     a hardened zone           0           empty      own     by its size            by the empty root
///     a shared zone             0           empty       0      by its size            by the empty root
///     any other zone            1024         own       own     if no slot is ready    if the slot does not check
struct ZoneHead: ~Copyable {
  /// A table maps sizes up to this one to their bins: `SizeClass.directLimit`, or 0.
  var directLimit: UInt
  /// A fixed function of the zone's address if the zone is initialised; 0 otherwise.
  var seal: UInt
  var last: LastAllocation
  /// A copy of the zone's directory view, or an empty one.
  var directory: DirectoryView
  /// Whether the head is only a face. No zone lies behind a face, but a shared zone, which consists of other zones.
  var face: Face

  enum Face: UInt8 {
    case none
    case perCPU
    case anyThread
  }
}

extension ZoneHead {
  /// A head at which every fast path leaves, as in zero-filled memory.
  @inline(__always) static func empty(page: PageSize, _ face: Face) -> ZoneHead {
    ZoneHead(directLimit: 0, seal: 0, last: .none, directory: .empty(page), face: face)
  }
}
