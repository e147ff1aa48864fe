// Server REQUESTS_PER_SECOND: an hour of a server's load, whose seconds pass as fast as they are served. Each request
// is a task. Prints a number of what was served, seconds of processor time, and resident KiB: the peak and the mean of
// the hour, and what is left at its end, after ten minutes without a request.
//
//     load     30 minutes: 100 %, 10: 150 %, 10: 50 %, 10: none
//     request  reads a body, splits it into fields, answers: all of it ends with the request
//     session  one request in 8 starts one; it stays for up to 15 minutes, and later requests add to it
//     page     one request in 16 renders one; it stays until 2000 later ones were rendered
import Glibc

let perSecond = Int(CommandLine.arguments[1])!
let server = Server()
var (peak, total, samples) = (0, 0, 0)
for second in 0..<3600 {
  let percent = second < 1800 ? 100 : second < 2400 ? 150 : second < 3000 ? 50 : 0
  await server.serve(second, requests: perSecond * percent / 100)
  server.expire(at: second)
  guard second % 10 == 9 else { continue }
  let resident = residentKiB()
  (peak, total, samples) = (max(peak, resident), total + resident, samples + 1)
}
var usage = rusage()
getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
let microseconds = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec
let seconds = Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + Double(microseconds) / 1e6
print(server.served, seconds, peak, total / samples, residentKiB())

/// The resident memory of this process.
func residentKiB() -> Int {
  let file = open("/proc/self/statm", O_RDONLY)
  defer { close(file) }
  var text = [UInt8](repeating: 0, count: 128)
  let length = read(file, &text, text.count)
  guard length > 0 else { fatalError("/proc/self/statm cannot be read") }
  let fields = text[..<length].split(separator: UInt8(ascii: " "))
  return Int(String(decoding: fields[1], as: UTF8.self))! * Int(getpagesize()) / 1024
}
