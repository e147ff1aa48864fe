import SlabMalloc

@main struct Program {
  static func main() throws {
    var cache = try LRUCache(capacity: 2)
    try cache.store("-1.46", for: "Sirius")
    try cache.store("0.03", for: "Vega")
    _ = cache.value(of: "Sirius")
    try cache.store("1.25", for: "Deneb")
    print(cache.keys, cache.value(of: "Vega") ?? "Vega was the oldest")
  }
}
