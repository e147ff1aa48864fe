import Foundation

/// Runs the body on so many threads of their own, and waits for the end of all. One may wait for another, however few
/// processors there are: `concurrentPerform` has no more threads than that, and runs the rest one after the other.
func onThreads(_ count: Int, _ body: @Sendable (_ index: Int) -> Void) {
  withoutActuallyEscaping(body) { body in
    var threads = [pthread_t](repeating: pthread_t(), count: count)
    for index in 0..<count {
      let share = Unmanaged.passRetained(ThreadShare(index, body)).toOpaque()
      let status = pthread_create(
        &threads[index], nil,
        {
          Unmanaged<ThreadShare>.fromOpaque($0!).takeRetainedValue().run()
          return nil
        }, share)
      precondition(status == 0, "no thread")
    }
    // Only a joined thread has let go of the body.
    for thread in threads { pthread_join(thread, nil) }
  }
}

/// What one of the threads does.
private final class ThreadShare {
  private let index: Int
  private let body: @Sendable (_ index: Int) -> Void

  init(_ index: Int, _ body: @escaping @Sendable (_ index: Int) -> Void) {
    self.index = index
    self.body = body
  }

  func run() { body(index) }
}
