import CSlabPort

/// The process across fork(): what CSlabPort calls as handlers of pthread_atfork().
///
/// The thread that forks keeps the locks of the process meanwhile, in their order: see `OwnedLock+Fork`. The child has
/// this thread alone, and nothing that the locks guard is half changed there. If a signal handler forks that
/// interrupted malloc, the interrupted call is half done in the child too, and is finished when the handler returns.

@c(slm_core_before_fork)
@usableFromInline
func beforeFork() {
  let process = ProcessPointer.shared
  let statistics = StatisticsPointer.shared
  let sampler = SamplerPointer.shared
  let isInterrupted =
    statistics.pointee.lock.isHeld || process.runs.pointee.lock.isHeld || sampler.pointee.lock.isHeld
    || process.pointee.misuse.lock.isHeld
  TracePointer.shared.beforeFork(isInterrupted: isInterrupted)
  statistics.pointee.lock.keep()
  process.runs.pointee.lock.keep()
  sampler.pointee.lock.keep()
  process.pointee.misuse.lock.keep()
}

@c(slm_core_after_fork)
@usableFromInline
func afterFork() {
  ProcessPointer.shared.giveBackLocks()
  TracePointer.shared.afterFork()
}

@c(slm_core_after_fork_in_child)
@usableFromInline
func afterForkInChild() {
  ProcessPointer.shared.giveBackLocks()
  StatisticsPointer.shared.pointee.process = UInt(slm_port_process_id())
  SamplerPointer.shared.pointee.process = UInt(slm_port_process_id())
  TracePointer.shared.afterForkInChild()
}

extension UnsafeMutablePointer where Pointee == ProcessState {
  fileprivate func giveBackLocks() {
    pointee.misuse.lock.giveBack()
    SamplerPointer.shared.pointee.lock.giveBack()
    runs.pointee.lock.giveBack()
    StatisticsPointer.shared.pointee.lock.giveBack()
  }
}
