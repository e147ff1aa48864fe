/// A call of a function of the client in progress: of the provider, a shrinker or a constructor. It lives on the stack
/// of its caller.
struct Pull {
  /// The caller: `Platform.context()`, or 0 in a zone for one thread.
  let context: UInt
  fileprivate var outer: UnsafeMutablePointer<Pull>?

  init(context: UInt) {
    self.context = context
    outer = nil
  }
}

/// Calls in progress, the newest first:
///
///     first -> Pull -> Pull -> nil        (outer)
///
/// Calls of the provider and of shrinkers are listed in their zone, under its lock. Calls of constructors are listed in
/// the policy, under the policy's lock: all CPUs' zones share it, and a constructor may go on on another CPU.
struct PullList {
  private var first: UnsafeMutablePointer<Pull>? = nil

  var isEmpty: Bool { first == nil }

  @inline(__always) mutating func add(_ pull: UnsafeMutablePointer<Pull>) {
    pull.pointee.outer = first
    first = pull
  }

  /// The call need not be the newest, because other threads may have begun theirs since.
  @inline(never) mutating func remove(_ pull: UnsafeMutablePointer<Pull>) {
    guard first != pull else { first = pull.pointee.outer; return }
    var link = first
    while let found = link, found.pointee.outer != pull { link = found.pointee.outer }
    link?.pointee.outer = pull.pointee.outer
  }

  /// Whether there is a call of this context, or any if it is nil.
  func has(_ context: UInt?) -> Bool {
    var pull = first
    while let found = pull {
      if context == nil || found.pointee.context == context { return true }
      pull = found.pointee.outer
    }
    return false
  }
}
