/// A member of a list. It stores both links itself, and a list takes no memory of its own.
///
/// A member is in at most one list. The links of a member outside every list mean nothing.
protocol Linked: ~Copyable {
  var next: UnsafeMutablePointer<Self>? { get set }
  var previous: UnsafeMutablePointer<Self>? { get set }
}

/// A list that grows at both ends and can remove any member.
///
///     first -> member <-> member <-> ... <-> member <- last
///
/// The owner chooses the order: `append` and `removeFirst` make a queue, `prepend` and `removeFirst` a stack.
struct LinkedList<Member: Linked & ~Copyable> {
  private(set) var first: UnsafeMutablePointer<Member>? = nil
  private(set) var last: UnsafeMutablePointer<Member>? = nil

  mutating func append(_ member: UnsafeMutablePointer<Member>) {
    member.pointee.next = nil
    member.pointee.previous = last
    if let last { last.pointee.next = member } else { first = member }
    last = member
  }

  mutating func prepend(_ member: UnsafeMutablePointer<Member>) {
    member.pointee.previous = nil
    member.pointee.next = first
    if let first { first.pointee.previous = member } else { last = member }
    first = member
  }

  mutating func remove(_ member: UnsafeMutablePointer<Member>) {
    let (next, previous) = (member.pointee.next, member.pointee.previous)
    if let previous { previous.pointee.next = next } else { first = next }
    if let next { next.pointee.previous = previous } else { last = previous }
  }

  mutating func removeFirst() -> UnsafeMutablePointer<Member>? {
    guard let member = first else { return nil }
    remove(member)
    return member
  }
}

/// A stack that can remove any member: a list in one word.
///
///     first -> member <-> member <-> ... <-> member
struct LinkedStack<Member: Linked & ~Copyable> {
  private(set) var first: UnsafeMutablePointer<Member>? = nil

  mutating func push(_ member: UnsafeMutablePointer<Member>) {
    member.pointee.previous = nil
    member.pointee.next = first
    first?.pointee.previous = member
    first = member
  }

  mutating func remove(_ member: UnsafeMutablePointer<Member>) {
    let (next, previous) = (member.pointee.next, member.pointee.previous)
    if let previous { previous.pointee.next = next } else { first = next }
    next?.pointee.previous = previous
  }

  mutating func pop() -> UnsafeMutablePointer<Member>? {
    guard let member = first else { return nil }
    remove(member)
    return member
  }
}
