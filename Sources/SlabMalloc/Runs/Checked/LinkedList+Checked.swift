// Invariants run: in a build with assertions (SLM_ASSERT) the heaps check themselves on their slow paths, and stop at
// the first invariant that does not hold. The checkers allocate nothing, since they run inside malloc. Tests call them
// too.

#if SLM_ASSERT
  extension LinkedList where Member == PageRun {
    /// Calls the body with each run, until it returns a text. Checks the links.
    func violation(_ body: (RunPointer) -> StaticString?) -> StaticString? {
      var before: RunPointer?
      var next = first
      while let run = next {
        if run.pointee.previous != before { return "a list's links: previous" }
        if let text = body(run) { return text }
        before = run
        next = run.pointee.next
      }
      // The last member of an empty list means nothing.
      return first != nil && last != before ? "a list's links: last" : nil
    }
  }
#endif
