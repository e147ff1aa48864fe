// A buffer that is made, read as a span and dropped.
import SlabMalloc

private func sum(_ buffer: borrowing Buffer<Int>) -> Int {
  let span = buffer.span
  var sum = 0
  for index in span.indices { sum &+= span[index] }
  return sum
}

@_cdecl("use") public func use(_ number: Int) -> Int {
  do throws(AllocationError) {
    let buffer = try Buffer(repeating: number, count: 100)
    return sum(buffer)
  } catch { return -1 }
}
