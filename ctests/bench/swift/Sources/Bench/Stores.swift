// Nodes with a number and four links, in each kind of memory. The workloads are generic over them, and specialised.
import SlabMalloc

struct Node<Link> {
  var number: Int
  var links: (Link?, Link?, Link?, Link?) = (nil, nil, nil, nil)
}

protocol Store: ~Copyable {
  associatedtype Link: Equatable
  init()
  mutating func make(_ number: Int) -> Link
  mutating func end(_ link: Link)
  func number(_ link: Link) -> Int
  func left(_ link: Link) -> Link?
  func right(_ link: Link) -> Link?
  mutating func setLeft(_ link: Link, _ other: Link?)
  mutating func setRight(_ link: Link, _ other: Link?)
  func third(_ link: Link) -> Link?
  func fourth(_ link: Link) -> Link?
  mutating func setOthers(_ link: Link, _ third: Link?, _ fourth: Link?)
}

/// Instances of a class. A cycle is broken when its node ends.
struct Classes: Store {
  final class Link: Equatable {
    var node: Node<Link>
    init(_ number: Int) { node = Node(number: number) }
    static func == (one: Link, other: Link) -> Bool { one === other }
  }
  func make(_ number: Int) -> Link { Link(number) }
  func end(_ link: Link) { link.node.links = (nil, nil, nil, nil) }
  func number(_ link: Link) -> Int { link.node.number }
  func left(_ link: Link) -> Link? { link.node.links.0 }
  func right(_ link: Link) -> Link? { link.node.links.1 }
  func setLeft(_ link: Link, _ other: Link?) { link.node.links.0 = other }
  func setRight(_ link: Link, _ other: Link?) { link.node.links.1 = other }
  func third(_ link: Link) -> Link? { link.node.links.2 }
  func fourth(_ link: Link) -> Link? { link.node.links.3 }
  func setOthers(_ link: Link, _ third: Link?, _ fourth: Link?) {
    link.node.links.2 = third
    link.node.links.3 = fourth
  }
}

/// Instances of ManagedBuffer, whose header is the node.
struct ManagedBuffers: Store {
  final class Buffer: ManagedBuffer<Node<Link>, Void> {}
  struct Link: Equatable {
    let buffer: ManagedBuffer<Node<Link>, Void>
    static func == (one: Link, other: Link) -> Bool { one.buffer === other.buffer }
  }
  func make(_ number: Int) -> Link {
    Link(buffer: Buffer.create(minimumCapacity: 0) { _ in Node(number: number) })
  }
  func end(_ link: Link) { link.buffer.header.links = (nil, nil, nil, nil) }
  func number(_ link: Link) -> Int { link.buffer.header.number }
  func left(_ link: Link) -> Link? { link.buffer.header.links.0 }
  func right(_ link: Link) -> Link? { link.buffer.header.links.1 }
  func setLeft(_ link: Link, _ other: Link?) { link.buffer.header.links.0 = other }
  func setRight(_ link: Link, _ other: Link?) { link.buffer.header.links.1 = other }
  func third(_ link: Link) -> Link? { link.buffer.header.links.2 }
  func fourth(_ link: Link) -> Link? { link.buffer.header.links.3 }
  func setOthers(_ link: Link, _ third: Link?, _ fourth: Link?) {
    link.buffer.header.links.2 = third
    link.buffer.header.links.3 = fourth
  }
}

/// UnsafeMutablePointer.allocate: the process's malloc, with no check.
struct Pointers: Store {
  struct Link: Equatable { let pointer: UnsafeMutablePointer<Node<Link>> }
  func make(_ number: Int) -> Link {
    let pointer = UnsafeMutablePointer<Node<Link>>.allocate(capacity: 1)
    pointer.initialize(to: Node(number: number))
    return Link(pointer: pointer)
  }
  func end(_ link: Link) { link.pointer.deallocate() }
  func number(_ link: Link) -> Int { link.pointer.pointee.number }
  func left(_ link: Link) -> Link? { link.pointer.pointee.links.0 }
  func right(_ link: Link) -> Link? { link.pointer.pointee.links.1 }
  func setLeft(_ link: Link, _ other: Link?) { link.pointer.pointee.links.0 = other }
  func setRight(_ link: Link, _ other: Link?) { link.pointer.pointee.links.1 = other }
  func third(_ link: Link) -> Link? { link.pointer.pointee.links.2 }
  func fourth(_ link: Link) -> Link? { link.pointer.pointee.links.3 }
  func setOthers(_ link: Link, _ third: Link?, _ fourth: Link?) {
    link.pointer.pointee.links.2 = third
    link.pointer.pointee.links.3 = fourth
  }
}

/// A pool, whose handles are checked at each access.
struct Pools: ~Copyable, Store {
  struct Element {
    var node: Node<Link>
  }
  struct Link: Equatable { let handle: Pool<Element>.Handle }
  var pool = Pool<Element>()
  mutating func make(_ number: Int) -> Link { Link(handle: try! pool.insert(Element(node: Node(number: number)))) }
  mutating func end(_ link: Link) { try! pool.remove(link.handle) }
  func number(_ link: Link) -> Int { pool[link.handle].node.number }
  func left(_ link: Link) -> Link? { pool[link.handle].node.links.0 }
  func right(_ link: Link) -> Link? { pool[link.handle].node.links.1 }
  mutating func setLeft(_ link: Link, _ other: Link?) { pool[link.handle].node.links.0 = other }
  mutating func setRight(_ link: Link, _ other: Link?) { pool[link.handle].node.links.1 = other }
  func third(_ link: Link) -> Link? { pool[link.handle].node.links.2 }
  func fourth(_ link: Link) -> Link? { pool[link.handle].node.links.3 }
  mutating func setOthers(_ link: Link, _ third: Link?, _ fourth: Link?) {
    pool[link.handle].node.links.2 = third
    pool[link.handle].node.links.3 = fourth
  }
}
