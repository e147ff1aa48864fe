/// The kinds of misuse that a zone, or the heaps of a process, detect.
public enum Profile: UInt8, Sendable {
  /// Like `checked`, but a deallocation with a layout ignores the layout.
  case fast
  /// Detects every double and every invalid free, and a wrong layout if the deallocation passes one.
  case checked
  /// Also detects overflows and writes after free. Slots are allocated in random order, and freed slots are cleared and
  /// wait in a quarantine.
  case hardened
}
