import SlabMalloc

struct Star {
  var name: String
  var magnitude: Double
}

do throws(AllocationError) {
  // Values of any type, on pages from the operating system. Every page goes back when the zone ends.
  let zone = try ZoneAllocator(provider: .mmap)
  let sirius = try zone.allocate(Star(name: "Sirius", magnitude: -1.46))
  print("\(sirius.pointee.name) has magnitude \(sirius.pointee.magnitude)")
  try zone.deallocate(sirius)

  // Objects of one size: the slots have exactly the size of a star.
  let stars = try SizeClassAllocator(Layout(of: Star.self), provider: .mmap)
  let star = try stars.allocate().bindMemory(to: Star.self, capacity: 1)
  star.initialize(to: Star(name: "Vega", magnitude: 0.03))
  print("\(star.pointee.name) has \(stars.slotSize) bytes, and \(stars.statistics.slotsPerPage) stars fit on a page")
  star.deinitialize(count: 1)
  try stars.deallocate(star)
  try stars.deallocate(star)
} catch {
  print(error == .doubleFree ? "the second free was refused" : "error \(error.code)")
}
