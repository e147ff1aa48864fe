import CSlabPort

// mallopt: of glibc's options the one that this malloc has, too.

/// 1 if the option has an effect, else 0.
///
/// M_TRIM_THRESHOLD is how many bytes may be unused before memory returns to the system: SLABMALLOC_RETAIN, in bytes.
/// A value below 0 is the largest, as for glibc. All others are about arenas, brk and mmap, which are not here, or
/// about checks, which the profile chooses when the process starts.
@c(slm_override_mallopt)
@usableFromInline
func mallopt(_ option: Int32, _ value: Int32) -> Int32 {
  guard option == slm_port_trim_threshold() else { return 0 }
  let process = ProcessPointer.shared
  process.prepare()
  process.runs.locked { process.runs.pointee.options.retain = value < 0 ? UInt.max : UInt(value) }
  process.runs.purgeIfDue()
  return 1
}
