/// What a zone checks.
public enum ZoneProfile: UInt8, Sendable {
  /// As `checked`, but a deallocation with a layout doesn't look at the layout.
  case fast
  /// Double and invalid frees, exactly, and the layout if a deallocation has one.
  case checked
  /// Also overflows and writes after free; slots come in random order, and freed ones are cleared and wait in a quarantine.
  case hardened
}
