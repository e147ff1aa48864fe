import Glibc

/// The live bytes of a trace's size classes over time, in a few hundred points: time is the number of operations.
///
/// A point is the maximum of its stretch of operations, so that no peak is lost: the moment in it at which all classes
/// together had the most. The number of operations is not known before. When there are too many points, each two become
/// one.
struct Timeline {
  struct Point {
    var operations: UInt = 0
    var live: UInt = 0
    var classes = [UInt](repeating: 0, count: Timeline.large + 1)
  }

  /// The last of the classes: objects above the largest.
  static let large = Int(SizeClass.count)
  private static let most = 800

  private(set) var points: [Point] = []
  private(set) var operations: UInt = 0
  private(set) var peak = Point()
  private var stretch: UInt = 1
  private var now = Point()
  /// Of the stretch that is read.
  private var highest = Point()

  init(_ path: String) throws(ToolError) {
    let file = try MappedFile(path)
    var reader = try TraceReader(path, file.bytes)
    let progress = Progress("read")
    while !reader.isAtEnd {
      try reader.next { note($0) }
      progress.add(2)
    }
    reader.settle { note($0) }
    operations = reader.operations
    add(highest)
    guard operations > 0 else { throw .nothing("\(path) has no operation") }
  }

  private mutating func note(_ event: TraceReader.Event) {
    guard case .change(let change) = event else { return }
    let place = SizeClass.naturalIndex(size: change.size, alignment: 1).map { Int($0) } ?? Timeline.large
    let old = now.classes[place]
    now.classes[place] = change.isFree ? old &- change.size : old &+ change.size
    // The stretch before is over.
    if change.operation / stretch != now.operations / stretch, highest.operations > 0 {
      add(highest)
      highest = Point()
    }
    now.operations = change.operation
    now.live = change.live
    if now.live >= highest.live { highest = now }
    if now.live > peak.live { peak = now }
  }

  private mutating func add(_ point: Point) {
    points.append(point)
    guard points.count > Self.most else { return }
    points = stride(from: 0, to: points.count, by: 2).map { first in
      let pair = points[first..<min(first + 2, points.count)]
      return pair.max { $0.live < $1.live } ?? points[first]
    }
    stretch *= 2
  }
}
