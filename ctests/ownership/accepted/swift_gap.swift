// What Swift 6.3 should refuse, and does not: a variable that was declared outside takes a box of a zone that ends.
// When a compiler refuses this file, it belongs to the others, and the article can say so.
import SlabMalloc

func escape() throws(AllocationError) {
  var box: Zone.Box<Int>?
  do {
    let zone = try Zone(provider: .mmap)
    box = try zone.box(1)
    box = nil
  }
  _ = box
}

@main struct Program {
  static func main() throws { try escape() }
}
