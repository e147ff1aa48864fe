import Synchronization

/// A lock across fork(). The thread that forks keeps it from the first handler of pthread_atfork() to the last one, so
/// that no other thread changes what the lock guards while the process is copied.
///
/// A program's handlers may run while the lock is kept, and may allocate: the thread that keeps the lock acquires and
/// releases it as usual, while all others wait.
///
///     open ── keep ──> kept <── release ──+
///                       | └── acquire ──> kept | thread
///     open <── return ──┘
///
/// fork() may also be called by a signal handler that interrupted this thread while it holds the lock, or while another
/// fork() of it keeps the lock. Such an inner fork finds the lock taken and is only counted. It leaves the count as it
/// found it, wherever it interrupted the outer one. The child of an inner fork has the lock as its parent had it: once
/// the handler returns, the child finishes the interrupted call.
///
/// Invariant: between `keep` and `giveBack` the calling thread keeps the lock, or holds it.
extension OwnedLock {
  /// Whether the lock is kept for a fork of the calling thread.
  var isKept: Bool {
    word.load(ordering: .acquiring) & Self.kept != 0 && forker.load(ordering: .relaxed) == Platform.context()
  }

  /// Whether the calling thread keeps the lock, or holds it.
  var isOwn: Bool { isHeld || isKept }

  func keep() {
    if isOwn { return innerForks.store(innerForks.load(ordering: .relaxed) &+ 1, ordering: .relaxed) }
    acquire()
    // In this order, so that an inner fork finds the lock its own after each step.
    forker.store(Platform.context(), ordering: .relaxed)
    word.wrappingAdd(Self.kept &- Platform.context(), ordering: .releasing)
  }

  /// Ends what `keep` began, in the parent and in the child.
  func giveBack() {
    let inner = innerForks.load(ordering: .relaxed)
    if inner > 0 { return innerForks.store(inner - 1, ordering: .relaxed) }
    if word.wrappingSubtract(Self.kept, ordering: .releasing).oldValue != Self.kept { releaseContended() }
  }

  /// Opens a lock whose holder the child of a fork does not have.
  func reset() { word.store(0, ordering: .relaxed) }
}
