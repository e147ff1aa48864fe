/// What a zone shares with the others of a zone per CPU, or with its wrapper.
struct Sharing {
  var gate: PageGatePointer? = nil
  var directory: PageDirectoryPointer? = nil
  var owner: UInt16 = 0
  var lastOwner: UInt16 = 0
  var stride: UInt32 = 0
  var hasRuns = true
}
