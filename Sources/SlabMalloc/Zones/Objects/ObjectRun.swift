/// A large object of a zone: a run of pages of its own. This struct is its descriptor.
///
/// The run comes from the provider when the object is allocated, and goes back when it is deallocated. Its descriptor
/// lies in a cell of a page of descriptors, see CellPages, and the object has the whole run. A run that was pushed
/// stays in the zone, and its descriptor is its own last bytes:
///
///     from the provider   | object                         |          descriptor elsewhere
///     pushed              | object            | descriptor |
///
/// Live runs and free ones are in the zone's RunTree. A free one is also in its list, first in, last out.
struct ObjectRun: Linked {
  var start: UInt
  var bytes: UInt
  /// The bytes that were asked for, rounded up to pages, with room for a canary: what sized deallocations must match.
  /// 0 if the run is free.
  var wanted: UInt
  /// The children in the tree: runs below and above.
  var lower: ObjectRunPointer?
  var upper: ObjectRunPointer?
  /// Links of the list of free runs.
  var next: ObjectRunPointer?
  var previous: ObjectRunPointer?
}

extension ObjectRun {
  static var cellSize: UInt { UInt(MemoryLayout<ObjectRun>.stride) }

  init(start: UInt, bytes: UInt) {
    self.init(start: start, bytes: bytes, wanted: 0, lower: nil, upper: nil, next: nil, previous: nil)
  }
}

typealias ObjectRunPointer = UnsafeMutablePointer<ObjectRun>

extension UnsafeMutablePointer where Pointee == ObjectRun {
  @inline(__always) var isLive: Bool { pointee.wanted != 0 }

  /// Whether the descriptor lies in the run.
  @inline(__always) var isPushed: Bool { UInt(bitPattern: self) &- pointee.start < pointee.bytes }

  /// Bytes of the run that belong to the object and its canary.
  @inline(__always) var room: UInt { isPushed ? UInt(bitPattern: self) &- pointee.start : pointee.bytes }
}
