import Synchronization
import CSlabPort
import CSlabmalloc

/// The profile of a process that the environment asked for: it begins before main, and goes to a file when the process
/// ends.
///
///     constructor ──> start          exit, _exit ──> file.PID.part ──> file
///
/// The file is there as a whole or not at all. The child of a fork goes on with its parent's profile, and has a file of
/// its own if the name has %p.
extension UnsafeMutablePointer where Pointee == Sampler {
  fileprivate func beginProcess() {
    guard let options = pointee.options, options.rate != 0 else { return }
    if slm_port_load_unwinder() == 0 {
      var line = TextLine()
      line.add("slabmalloc: the heap profile has no call stacks: the C library has no backtrace()")
      line.write()
    }
    // There is a profile already if a constructor of the program has started one.
    if start(rate: options.rate) == .outOfMemory {
      var line = TextLine()
      line.add("slabmalloc: no heap profile: no memory")
      line.write()
    }
  }

  /// Writes the file. Not in the child of a vfork, nor where a signal handler that interrupted the sampler ends the
  /// process.
  func endProcess() {
    guard let options = pointee.options, options.rate != 0, pointee.rate != 0,
      pointee.process == UInt(slm_port_process_id()),
      !pointee.lock.isOwn
    else { return }
    let path = options.path ?? standardPath
    pointee.options = nil
    // The heaps are left as they are: a signal handler may have interrupted the holder of their lock.
    pointee.on.store(0, ordering: .relaxed)
    guard slm_port_begin_file(path) == 0 else { return report(path) }
    var writer = SampleWriter({ _, text, length in slm_port_write_to_file(text, length) }, nil)
    _ = dump(options.form, &writer)
    if slm_port_end_file() != 0 { report(path) }
  }

  private var standardPath: UnsafePointer<CChar> {
    UnsafeRawPointer(SampleOptions.standardPath.utf8Start).assumingMemoryBound(to: CChar.self)
  }

  private func report(_ path: UnsafePointer<CChar>) {
    var line = TextLine()
    line.add("slabmalloc: no heap profile: ")
    line.add(cString: path)
    line.add(" cannot be written")
    line.addIds()
    line.write()
  }
}

/// What CSlabPort calls when the constructors have prepared the unwinder.
@c(slm_core_samples_begin)
@usableFromInline
func samplesBegin() { SamplerPointer.shared.beginProcess() }
