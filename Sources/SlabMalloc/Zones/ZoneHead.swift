import CSlabmalloc

/// What the fast paths read of a zone before they know anything: the first bytes of each zone, plain or shared.
///
/// The fast paths make no check of their own. They leave by themselves where the head says nothing of slots:
///
///     head of               directLimit   page maps   seal    an allocation leaves   a deallocation leaves
///     zero-filled memory        0           empty       0      by its size            by the first probe
///     a hardened zone           0            own       own     by its size            by the slabs' reciprocals
///     a shared zone             0           empty       0      by its size            by the first probe
///     any other zone            1024         own       own     if no slot is ready    if the slot does not check
struct ZoneHead: ~Copyable {
  /// Sizes up to here find their bin by table: `SizeClass.directLimit`, or 0.
  var directLimit: UInt
  /// Says that the zone is initialised.
  var seal: UInt
  var last: LastAllocation
  var basePages: PageMap
  var largePages: PageMap
  /// The head is a face alone: behind it lies no zone, but what makes several zones one.
  var isFace: Bool
}

extension ZoneHead {
  /// A head at which every fast path leaves, as in zero-filled memory.
  @inline(__always) static func face(page: PageSize) -> ZoneHead {
    ZoneHead(
      directLimit: 0, seal: 0, last: .none, basePages: PageMap(withoutBucketsFor: page),
      largePages: PageMap(withoutBucketsFor: .large), isFace: true)
  }
}
