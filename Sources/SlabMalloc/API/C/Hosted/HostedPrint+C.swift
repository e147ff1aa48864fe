import CSlabmalloc

// Reports of the process and of heaps in C.

@_cdecl("slm_process_print") @implementation
public func slm_process_print(
  _ form: UInt32, _ write: slm_text_writer, _ context: UnsafeMutableRawPointer?
) -> slm_status {
  guard let form = ReportPrinter.Form(rawValue: form) else { return .invalidArgument }
  let process = ProcessPointer.shared
  process.prepare()
  var rows = RunRows()
  let report = process.heaps.locked { process.report(&rows) }
  var printer = ReportPrinter(write: write, context: context)
  printer.print(report, as: form) { rows[$0] }
  return .ok
}

@_cdecl("slm_heap_print") @implementation
public func slm_heap_print(
  _ heap: OpaquePointer, _ form: UInt32, _ write: slm_text_writer, _ context: UnsafeMutableRawPointer?
) -> slm_status {
  guard heap.heap.isInitialized else { return .notInitialized }
  guard let form = ReportPrinter.Form(rawValue: form) else { return .invalidArgument }
  let (report, rows) = heap.heap.report()
  var printer = ReportPrinter(write: write, context: context)
  printer.print(report, as: form) { rows[$0] }
  return .ok
}
