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
}
