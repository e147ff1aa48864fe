/// Counts of pages taken and given back. For each kind, pages held = taken - given back. A run counts as its base
/// pages.
struct Ledger {
  var baseTaken: UInt64 = 0
  var baseGivenBack: UInt64 = 0
  var largeTaken: UInt64 = 0
  var largeGivenBack: UInt64 = 0

  mutating func take(_ page: PageSize) {
    if page.isLarge { largeTaken += 1 } else { baseTaken += 1 }
  }

  mutating func giveBack(_ page: PageSize) {
    if page.isLarge { largeGivenBack += 1 } else { baseGivenBack += 1 }
  }

  mutating func take(pages: UInt) { baseTaken += UInt64(pages) }

  mutating func giveBack(pages: UInt) { baseGivenBack += UInt64(pages) }

  /// Undoes a `take`: another ledger counts the page from now on.
  mutating func untake(_ page: PageSize) {
    if page.isLarge { largeTaken -= 1 } else { baseTaken -= 1 }
  }

  mutating func untake(pages: UInt) { baseTaken -= UInt64(pages) }

  var pagesHeld: UInt64 { baseTaken - baseGivenBack + largeTaken - largeGivenBack }
}
