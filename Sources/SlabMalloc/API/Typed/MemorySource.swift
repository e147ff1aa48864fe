import CSlabmalloc

/// Where the memory of a typed container comes from, and where it goes: a value of no words or one.
///
///     container              source               memory
///     Box, Buffer, Pool  ──> GlobalHeap       ──> the process's heap; in a kernel the heap of its Swift objects
///     Zone.Box, ...      ──> Zone.Source      ──> a zone's pages
///     Heap.Box, ...      ──> Heap.Source      ──> a heap
///
/// A source that may go away is not `Escapable`: it lives as long as it borrows the zone, heap or arena, and with it
/// each container that holds it. A source that stays, such as a kernel's only zone, is a type of yours without a field.
///
/// Rule: a source returns memory that is aligned, and not handed out otherwise until it is deallocated.
public protocol MemorySource: BitwiseCopyable, ~Escapable {
  /// Allocates memory, not cleared. Size 0 is served as 1.
  func allocate(_ layout: Layout) throws(AllocationError) -> UnsafeMutableRawPointer

  /// Deallocates memory of this source. Traps at misuse. The layout has the alignment that the memory was allocated
  /// with, and its size, or less than that.
  func deallocate(_ memory: UnsafeMutableRawPointer, _ layout: Layout)

  /// Gives memory another size where it is. Returns whether it did; if not, nothing changed.
  func resize(_ memory: UnsafeMutableRawPointer, _ layout: Layout, to size: Int) -> Bool

  /// Gives memory another size, in place or by moving its bytes. On error nothing changed.
  func reallocate(
    _ memory: UnsafeMutableRawPointer, _ layout: Layout, to size: Int
  ) throws(AllocationError) -> UnsafeMutableRawPointer
}

extension MemorySource where Self: ~Escapable {
  /// A source that cannot resize.
  @inlinable
  public func resize(_ memory: UnsafeMutableRawPointer, _ layout: Layout, to size: Int) -> Bool { false }

  /// Allocates, copies and deallocates.
  @inlinable
  public func reallocate(
    _ memory: UnsafeMutableRawPointer, _ layout: Layout, to size: Int
  ) throws(AllocationError) -> UnsafeMutableRawPointer {
    if resize(memory, layout, to: size) { return memory }
    let moved = try allocate(Layout(size: size, alignment: layout.alignment))
    moved.copyMemory(from: memory, byteCount: min(size, layout.size))
    deallocate(memory, layout)
    return moved
  }

  /// Allocates memory for a number of elements. Throws `invalidLayout` where the size overflows.
  @inlinable
  func allocate<Element: ~Copyable>(
    _ type: Element.Type, count: Int
  ) throws(AllocationError) -> UnsafeMutablePointer<Element> {
    try allocate(try Layout(of: type, count: count)).bindMemory(to: type, capacity: count)
  }

  /// As ``allocate(_:count:)``; nil for no elements, which take no memory.
  @inlinable
  func allocateElements<Element: ~Copyable>(
    _ type: Element.Type, count: Int
  ) throws(AllocationError) -> UnsafeMutablePointer<Element>? {
    count == 0 ? nil : try allocate(type, count: count)
  }

  /// Lends memory for a number of elements to a closure, which initialises as many of them as it likes. They are ended
  /// when it returns or throws, and the memory is given back.
  @inlinable
  func lend<Element: ~Copyable, Result: ~Copyable, Failure: Error>(
    _ type: Element.Type, capacity: Int,
    _ body: (inout OutputSpan<Element>) throws(Failure) -> Result
  ) throws(AllocationOr<Failure>) -> Result {
    let memory: UnsafeMutablePointer<Element>
    let layout: Layout
    do throws(AllocationError) {
      layout = try Layout(of: type, count: capacity)
      memory = try allocate(layout).bindMemory(to: type, capacity: capacity)
    } catch {
      throw .allocation(error)
    }
    defer { deallocate(UnsafeMutableRawPointer(memory), layout) }
    var output = OutputSpan(
      buffer: UnsafeMutableBufferPointer(start: memory, count: capacity), initializedCount: 0)
    do throws(Failure) { return try body(&output) } catch { throw .failure(error) }
  }
}

extension Layout {
  /// The layout of a number of values in a row. Throws `invalidLayout` if the number is below 0, or its bytes are more
  /// than an `Int` counts.
  @inlinable
  public init<Value: ~Copyable>(of type: Value.Type, count: Int) throws(AllocationError) {
    let (bytes, overflows) = MemoryLayout<Value>.stride.multipliedReportingOverflow(by: count)
    guard count >= 0, !overflows else {
      throw AllocationError(SLM_ERR_INVALID_LAYOUT, Layout(size: Int.max, alignment: MemoryLayout<Value>.alignment))
    }
    self.init(size: bytes, alignment: MemoryLayout<Value>.alignment)
  }
}
