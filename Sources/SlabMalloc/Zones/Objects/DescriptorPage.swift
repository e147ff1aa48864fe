/// A page of descriptors of runs: this struct, and descriptors up to the end of the page.
///
///     | DescriptorPage | ObjectRun | ObjectRun | ... |
///
/// Pages with a free descriptor are in the stack `RunTree.descriptors`. A page whose descriptors are all free goes back
/// when the zone is reclaimed.
struct DescriptorPage: Linked {
  var next: UnsafeMutablePointer<DescriptorPage>?
  var previous: UnsafeMutablePointer<DescriptorPage>?
  var free: LinkedStack<ObjectRun>
  var used: UInt
}

typealias DescriptorPagePointer = UnsafeMutablePointer<DescriptorPage>

extension UnsafeMutablePointer where Pointee == DescriptorPage {
  /// Makes a page one of free descriptors.
  static func make(at address: UInt, _ page: PageSize) -> DescriptorPagePointer {
    let result = DescriptorPagePointer(bitPattern: address).unsafelyUnwrapped
    result.initialize(to: DescriptorPage(next: nil, previous: nil, free: LinkedStack(), used: 0))
    let size = UInt(MemoryLayout<ObjectRun>.stride)
    var place = address &+ roundUp(UInt(MemoryLayout<DescriptorPage>.stride), to: size)
    while place &+ size <= address &+ page.size {
      let run = ObjectRunPointer(bitPattern: place).unsafelyUnwrapped
      run.initialize(
        to: ObjectRun(start: 0, bytes: 0, wanted: 0, lower: nil, upper: nil, next: nil, previous: nil))
      result.pointee.free.push(run)
      place &+= size
    }
    return result
  }
}

extension RunTree {
  /// Takes a free descriptor; nil if there is none.
  mutating func takeDescriptor() -> ObjectRunPointer? {
    guard let page = descriptors.first, let run = page.pointee.free.pop() else { return nil }
    page.pointee.used += 1
    if page.pointee.free.first == nil { descriptors.remove(page) }
    return run
  }

  mutating func giveBack(_ run: ObjectRunPointer, pageMask: UInt) {
    let page = DescriptorPagePointer(bitPattern: UInt(bitPattern: run) & ~pageMask).unsafelyUnwrapped
    if page.pointee.free.first == nil { descriptors.push(page) }
    page.pointee.free.push(run)
    page.pointee.used -= 1
  }

  /// Takes out a page whose descriptors are all free.
  mutating func takeUnusedPage() -> UInt? {
    var page = descriptors.first
    while let found = page {
      if found.pointee.used == 0 {
        descriptors.remove(found)
        return UInt(bitPattern: found)
      }
      page = found.pointee.next
    }
    return nil
  }
}
