import Foundation

/// Runs the body on so many threads of their own, and waits for the end of all. One may wait for another, however few
/// processors there are: `concurrentPerform` has no more threads than that, and runs the rest one after the other.
func onThreads(_ count: Int, _ body: @Sendable (_ index: Int) -> Void) {
  withoutActuallyEscaping(body) { body in
    let group = DispatchGroup()
    for index in 0..<count {
      group.enter()
      Thread.detachNewThread {
        body(index)
        group.leave()
      }
    }
    group.wait()
  }
}
