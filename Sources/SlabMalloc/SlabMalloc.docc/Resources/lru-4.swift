import SlabMalloc

struct LRUCache: ~Copyable {
  struct Entry {
    let key: String
    var value: String
    var newer: Pool<Entry>.Handle?
    var older: Pool<Entry>.Handle?
  }

  private var entries: Pool<Entry>
  private var places: [String: Pool<Entry>.Handle] = [:]
  private var newest: Pool<Entry>.Handle?
  private var oldest: Pool<Entry>.Handle?
  let capacity: Int

  init(capacity: Int) throws(AllocationError) {
    precondition(capacity > 0)
    self.capacity = capacity
    entries = try Pool(capacity: capacity)
  }

  private mutating func unlink(_ handle: Pool<Entry>.Handle) {
    let (newer, older) = (entries[handle].newer, entries[handle].older)
    if let newer { entries[newer].older = older } else { newest = older }
    if let older { entries[older].newer = newer } else { oldest = newer }
  }

  private mutating func linkAsNewest(_ handle: Pool<Entry>.Handle) {
    entries[handle].newer = nil
    entries[handle].older = newest
    if let newest { entries[newest].newer = handle } else { oldest = handle }
    newest = handle
  }

  mutating func value(of key: String) -> String? {
    guard let handle = places[key] else { return nil }
    unlink(handle)
    linkAsNewest(handle)
    return entries[handle].value
  }

  mutating func store(_ value: String, for key: String) throws(AllocationError) {
    if let handle = places[key] {
      entries[handle].value = value
      unlink(handle)
      linkAsNewest(handle)
      return
    }
    if entries.count == capacity, let oldest {
      unlink(oldest)
      places[try entries.remove(oldest).key] = nil
    }
    let handle = try entries.insert(Entry(key: key, value: value))
    places[key] = handle
    linkAsNewest(handle)
  }

  var keys: [String] {
    var keys: [String] = []
    var next = newest
    while let handle = next {
      keys.append(entries[handle].key)
      next = entries[handle].older
    }
    return keys
  }
}
