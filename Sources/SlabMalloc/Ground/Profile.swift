/// What a zone, or a process's heaps, find of misuse.
public enum Profile: UInt8, Sendable {
  /// As `checked`, but a deallocation with a layout doesn't look at the layout.
  case fast
  /// Every double and every invalid free, and a wrong layout if a deallocation has one.
  case checked
  /// Also overflows and writes after free; slots come in random order, and freed ones are cleared and wait in a
  /// quarantine.
  case hardened
}
