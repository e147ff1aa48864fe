import CSlabmalloc

// The heap profile in C. These functions preserve errno.

@_cdecl("slm_sample_start") @implementation
public func slm_sample_start(_ rate: Int) -> slm_status {
  ProcessPointer.shared.prepare()
  return SamplerPointer.shared.start(rate: UInt(bitPattern: rate))
}

@_cdecl("slm_sample_stop") @implementation
public func slm_sample_stop() -> slm_status { SamplerPointer.shared.stop() ? .ok : .notInitialized }

@_cdecl("slm_sample_dump") @implementation
public func slm_sample_dump(
  _ form: UInt32, _ write: slm_text_writer, _ context: UnsafeMutableRawPointer?
) -> slm_status {
  guard let form = SampleForm(rawValue: form) else { return .invalidArgument }
  var writer = SampleWriter(write, context)
  return SamplerPointer.shared.dump(form, &writer) ? .ok : .notInitialized
}
