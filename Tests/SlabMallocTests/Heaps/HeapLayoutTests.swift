import CSlabPort
import XCTest

@testable import SlabMalloc

/// Where things are in a heap and what it shares, held against the compiler.
final class HeapLayoutTests: XCTestCase {
  func testOffsetsOfARunAreThoseOfTheCompiler() {
    XCTAssertLessThanOrEqual(MemoryLayout<PageRun>.size, PageRun.stride)
    XCTAssertEqual(1 << PageRun.strideShift, PageRun.stride)
    let offsets = [
      MemoryLayout<PageRun>.offset(of: \.owner), MemoryLayout<PageRun>.offset(of: \.start),
      MemoryLayout<PageRun>.offset(of: \.reciprocal),
      MemoryLayout<PageRun>.offset(of: \.marks), MemoryLayout<PageRun>.offset(of: \.bin), MemoryLayout<PageRun>.offset(of: \.lead),
      MemoryLayout<PageRun>.offset(of: \.words), MemoryLayout<PageRun>.offset(of: \.slotSize),
      MemoryLayout<PageRun>.offset(of: \.used), MemoryLayout<PageRun>.offset(of: \.shortfall),
      MemoryLayout<PageRun>.offset(of: \.available),
      MemoryLayout<PageRun>.offset(of: \.remoteHint), MemoryLayout<PageRun>.offset(of: \.remoteNext),
      MemoryLayout<PageRun>.offset(of: \.next), MemoryLayout<PageRun>.offset(of: \.previous),
      MemoryLayout<PageRun>.offset(of: \.place), MemoryLayout<PageRun>.offset(of: \.size),
    ]
    XCTAssertEqual(offsets, [0, 8, 16, 24, 32, 40, 48, 56, 64, 68, 72, 80, 88, 96, 104, 112, 120])
  }

  func testADescriptorIsFoundByArithmetic() {
    for page: UInt in [0, 1, 2, 1000, 1 << 22] {
      for offset: UInt in [0, 1, 65535] {
        XCTAssertEqual(PageRun.descriptorOffset(page << PageRun.pageShift + offset), page * UInt(PageRun.stride))
      }
    }
  }

  func testTheProcessFitsIntoItsMemory() {
    XCTAssertLessThanOrEqual(MemoryLayout<ProcessHeap>.size, 16384, "the memory that CSlabPort has for it")
  }

  func testPartsOfAHeapFollowEachOther() {
    // `remote`, the last field, has a line of its own.
    XCTAssertEqual(MemoryLayout<HeapState>.size - MemoryLayout<UInt>.size, HeapState.remoteOffset)
    XCTAssertEqual(HeapState.remoteOffset % 64, 0)
    XCTAssertLessThanOrEqual(HeapState.remoteOffset + 64, HeapState.directBinsOffset)
    XCTAssertLessThanOrEqual(
      HeapState.directBinsOffset + HeapState.directBinCount * MemoryLayout<HeapBinPointer>.stride, HeapState.binsOffset)
    XCTAssertEqual(HeapState.binsOffset % 64, 0)
    XCTAssertLessThanOrEqual(MemoryLayout<HeapBin>.size, HeapBin.stride)
    // What a thread without a heap reads of its heap of zeros.
    XCTAssertLessThanOrEqual(HeapState.directBinsOffset, Int(SLM_PORT_NO_HEAP_BYTES))
  }

  func testTheTableLeadsEachSizeToItsBin() {
    let world = HeapWorld()
    let heap = world.thread()
    for size in 0..<HeapState.directLimit {
      XCTAssertEqual(heap.directBin(size), heap.bin(SizeClass.index(size: max(size, 16))!), "size \(size)")
    }
    world.finish()
  }

  func testStacksLieBehindTheBinsAndDoNotOverlap() {
    let world = HeapWorld()
    let heap = world.thread()
    var end = heap.address + UInt(HeapState.stacksOffset)
    for index in 0..<SizeClass.count {
      let bin = heap.bin(index).pointee
      XCTAssertEqual(bin.bottom, end)
      XCTAssertEqual(bin.limit - bin.top, HeapBin.readyLimit(bin.slotSize) * UInt(MemoryLayout<ReadySlot>.stride))
      end = bin.limit
    }
    XCTAssertEqual(end, heap.address + HeapState.size)
    world.finish()
  }

  func testEachClassFillsItsSlabs() {
    for index in 0..<SizeClass.count {
      let slotSize = SizeClass.slotSize(index)
      let bytes = HeapBin.pages(slotSize) << PageRun.pageShift
      XCTAssertGreaterThanOrEqual(bytes / slotSize, 15, "slots of \(slotSize)")
      XCTAssertLessThanOrEqual(bytes % slotSize, bytes / 16, "slots of \(slotSize): what is left over")
      // A mark of the line behind the last slot says that there is none.
      if bytes % slotSize != 0 { XCTAssertNotEqual(bytes / slotSize % 64, 0, "slots of \(slotSize)") }
    }
  }

  /// The class for a size and an alignment: all its slots are aligned, and no smaller class would do.
  func testClassesByAlignment() {
    for shift in 0..<18 {
      let alignment: UInt = 1 << shift
      for size: UInt in [0, 1, 15, 16, 17, 100, 1000, 1025, 4096, 5000, 20_000, 65_536, 100_000, maxSize, maxSize + 1] {
        let fitting = (1..<SizeClass.count).filter {
          SizeClass.slotSize($0) >= max(size, 1) && (alignment <= 16 || SizeClass.slotSize($0) % alignment == 0)
        }
        let expected = alignment <= PageRun.pageSize ? fitting.first : nil
        XCTAssertEqual(SizeClass.naturalIndex(size: size, alignment: alignment), expected, "\(size) at \(alignment)")
      }
    }
  }
}
