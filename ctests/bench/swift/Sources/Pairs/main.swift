// Makes and drops one value again and again, for the count of instructions: Pairs ROW COUNT. The difference of two
// counts is what the pairs cost. Each row is a function of its own, as a program's is.
import SlabMalloc

/// Nobody knows what it does, so the value is needed.
@inline(never) @_optimize(none) func look(_ number: Int) {}
@inline(never) @_optimize(none) func look(_ instance: Instance) {}

final class Instance {
  var number: Int
  init(_ number: Int) { self.number = number }
}

@inline(never) func loop(_ count: Int) {
  for number in 0..<count { look(number) }
}

@inline(never) func box(_ count: Int) throws(AllocationError) {
  for number in 0..<count { look(try Box(number).value) }
}

@inline(never) func zoneBox(_ zone: borrowing Zone, _ count: Int) throws(AllocationError) {
  for number in 0..<count { look(try zone.box(number).value) }
}

@inline(never) func cacheBox(_ cache: borrowing Cache<Int>, _ count: Int) throws(AllocationError) {
  for number in 0..<count { look(try cache.box(number).value) }
}

@inline(never) func arenaBox(_ arena: borrowing Arena, _ count: Int) throws(AllocationError) {
  for number in 0..<count { look(try arena.box(number).value) }
}

@inline(never) func pool(_ pool: inout Pool<Int>, _ count: Int) throws(AllocationError) {
  for number in 0..<count { look(try pool.remove(try pool.insert(number))) }
}

@inline(never) func instance(_ count: Int) {
  for number in 0..<count { look(Instance(number)) }
}

let count = Int(CommandLine.arguments[2])!
switch CommandLine.arguments[1] {
case "loop": loop(count)
case "box": try box(count)
case "zone-box": try zoneBox(Zone(provider: .mmap), count)
case "cache-box": try cacheBox(Cache(provider: .mmap), count)
case "arena-box": try arenaBox(Arena(), count)
case "pool":
  var values = Pool<Int>()
  try pool(&values, count)
case "class": instance(count)
default: fatalError("no such row")
}
