import XCTest

@testable import SlabMalloc

/// The lists against an array.
final class LinkedListTests: XCTestCase {
  private let pages = (0..<12).map { _ in TestPage(.kib4).carved(slotSize: 512) }
  private var slabs: [SlabPointer] { pages.map(\.slab) }

  private func contents(_ first: SlabPointer?) -> [SlabPointer] {
    var result: [SlabPointer] = []
    var next = first
    while let slab = next {
      XCTAssertEqual(slab.pointee.previous, result.last)
      result.append(slab)
      next = slab.pointee.next
      if result.count > slabs.count { return result }
    }
    return result
  }

  func testAListIsFirstInFirstOut() {
    var list = LinkedList<Slab>()
    XCTAssertNil(list.removeFirst())
    for slab in slabs { list.append(slab) }
    for slab in slabs { XCTAssertEqual(list.removeFirst(), slab) }
    XCTAssertNil(list.removeFirst())
    XCTAssertNil(list.first)
    XCTAssertNil(list.last)
  }

  func testAStackIsLastInFirstOut() {
    var stack = LinkedStack<Slab>()
    XCTAssertNil(stack.pop())
    for slab in slabs { stack.push(slab) }
    for slab in slabs.reversed() { XCTAssertEqual(stack.pop(), slab) }
    XCTAssertNil(stack.pop())
    XCTAssertNil(stack.first)
  }

  func testAListAgainstAnArray() {
    var random = SeededRandom()
    var list = LinkedList<Slab>()
    var model: [SlabPointer] = []
    for step in 0..<4000 {
      let slab = slabs[random.below(slabs.count)]
      if let index = model.firstIndex(of: slab) {
        if random.below(3) == 0 {
          XCTAssertEqual(list.removeFirst(), model.removeFirst(), "step \(step); \(SeededRandom.hint)")
        } else {
          list.remove(slab)
          model.remove(at: index)
        }
      } else if random.below(2) == 0 {
        list.append(slab)
        model.append(slab)
      } else {
        list.prepend(slab)
        model.insert(slab, at: 0)
      }
      guard contents(list.first) == model, list.last == model.last else {
        return XCTFail("step \(step); \(SeededRandom.hint)")
      }
    }
  }

  func testAStackAgainstAnArray() {
    var random = SeededRandom(stream: 1)
    var stack = LinkedStack<Slab>()
    var model: [SlabPointer] = []
    for step in 0..<4000 {
      let slab = slabs[random.below(slabs.count)]
      if let index = model.firstIndex(of: slab) {
        if random.below(3) == 0 {
          XCTAssertEqual(stack.pop(), model.removeFirst(), "step \(step); \(SeededRandom.hint)")
        } else {
          stack.remove(slab)
          model.remove(at: index)
        }
      } else {
        stack.push(slab)
        model.insert(slab, at: 0)
      }
      guard contents(stack.first) == model else {
        return XCTFail("step \(step); \(SeededRandom.hint)")
      }
    }
  }
}
