/// The heap over time as a page of HTML: pictures of several moments, and a slider that chooses one. It needs nothing
/// but the browser: data, style and script are in it.
///
///     frames   [{ms, runs: [stretch, page, pages, kind, class, fill, live or bytes, slots, ...]}, ...]
///     layout   the stretches of addresses that any frame has: an address has its place in all pictures
///
/// Numbers of runs are flat arrays, and pages count from the stretch's first address: JavaScript's numbers are exact up
/// to 2^53. `HeapPageScript` draws them on a canvas, where thousands of slabs are no burden.
struct HeapPage {
  private let title: String
  private var frames: [(milliseconds: UInt64, runs: [RunFacts])] = []
  var count: Int { frames.count }

  init(_ title: String) { self.title = title }

  /// - Parameter runs: by address.
  mutating func add(_ runs: [RunFacts], milliseconds: UInt64) { frames.append((milliseconds, runs)) }

  var html: String {
    let stretches = self.stretches
    let frames = frames.map { frame in json(frame.milliseconds, frame.runs, stretches) }
    let pages = stretches.reduce(0) { $0 + ($1.upperBound - $1.lowerBound) >> PageRun.pageShift }
    var rowPages: UInt = 64
    while pages / rowPages > 150 { rowPages *= 2 }
    let places = stretches.map { "[\"\(hex($0.lowerBound))\",\(($0.upperBound - $0.lowerBound) >> PageRun.pageShift)]" }
    let styles = (0..<Int(SizeClass.count)).map { index in
      let style = Style(classIndex: index)
      return "[\"\(style.full)\",\"\(style.pale)\",\(SizeClass.slotSize(UInt(index)))]"
    }
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <title>\(Picture.escaped(title))</title>
      <style>\(HeapPageScript.style)</style>
      </head>
      <body>
      <h1>\(Picture.escaped(title))</h1>
      <p><button id="play">play</button> <input id="slider" type="range" min="0" max="\(max(count, 1) - 1)" value="0">
      <span id="time"></span></p>
      <p id="totals"></p>
      <canvas id="chart" width="1200" height="80"></canvas>
      <p id="legend"></p>
      <canvas id="heap" width="1200" height="100"></canvas>
      <p id="tip">&nbsp;</p>
      <script>
      const rowPages = \(rowPages), pageBytes = \(PageRun.pageSize);
      const stretches = [\(places.joined(separator: ","))];
      const classes = [\(styles.joined(separator: ","))];
      const frames = [
      \(frames.joined(separator: ",\n"))
      ];
      \(HeapPageScript.script)
      </script>
      </body>
      </html>

      """
  }

  /// What all frames together have, by address. A gap of less than a row is drawn as nothing.
  private var stretches: [Range<UInt>] {
    var joined: [Range<UInt>] = []
    let all = frames.flatMap { $0.runs }.map { $0.start..<$0.start + $0.bytes }.sorted { $0.lowerBound < $1.lowerBound }
    for range in all {
      if let last = joined.last, range.lowerBound <= last.upperBound {
        joined[joined.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        joined.append(range)
      }
    }
    return joined
  }

  private func json(_ milliseconds: UInt64, _ runs: [RunFacts], _ stretches: [Range<UInt>]) -> String {
    var numbers: [String] = []
    numbers.reserveCapacity(runs.count)
    var stretch = 0
    for run in runs {
      while run.start >= stretches[stretch].upperBound { stretch += 1 }
      let page = (run.start - stretches[stretch].lowerBound) >> PageRun.pageShift
      let kind: Int
      var (index, first, second): (Int, UInt, UInt) = (0, 0, 0)
      switch run.kind {
      case .slab: (kind, index, first, second) = (0, run.classIndex, run.live, run.slots)
      case .large: (kind, first) = (1, run.objectBytes)
      case .metadata: kind = 2
      case .unused, .free, .kept, .busy: kind = run.isClean ? 4 : 3
      }
      numbers.append(
        "\(stretch),\(page),\(run.bytes >> PageRun.pageShift),\(kind),\(index),\(run.fill),\(first),\(second)")
    }
    return "{\"ms\":\(milliseconds),\"runs\":[\(numbers.joined(separator: ","))]}"
  }
}
