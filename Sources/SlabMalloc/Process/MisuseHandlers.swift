import CSlabmalloc

/// The program's misuse handler: a function and its context.
///
/// Both change together, under a lock of their own: a misuse that is reported while a handler is set sees the old one
/// or the new one, never a mixture. The handler runs without the lock.
struct MisuseHandlers: ~Copyable {
  let lock: OwnedLock
  private var current: slm_misuse_handler

  /// Sets a handler and returns the former one.
  mutating func exchange(_ new: slm_misuse_handler) -> slm_misuse_handler {
    lock.acquire()
    let former = current
    current = new
    lock.release()
    return former
  }

  mutating func load() -> slm_misuse_handler {
    lock.acquire()
    let handler = current
    lock.release()
    return handler
  }
}

extension UnsafeMutablePointer where Pointee == ProcessState {
  /// The function is nil if there is none: a line on stderr, and abort.
  var misuseHandler: slm_misuse_handler { pointee.misuse.load() }
}
