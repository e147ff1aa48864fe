// Bench WORKLOAD STORE COUNT: runs a workload on a store, and prints its result, its seconds of processor time and the
// peak of its resident memory in KiB.
import Glibc
import SlabMalloc

func run<S: Store & ~Copyable>(_ workload: String, _ store: S.Type, _ count: Int) -> Int {
  switch workload {
  case "tree": tree(store, count)
  case "graph": graph(store, count)
  case "lru": lru(store, count)
  case "parser": parser(store, count)
  default: fatalError("no such workload")
  }
}

let (workload, count) = (CommandLine.arguments[1], Int(CommandLine.arguments[3])!)
let result =
  switch CommandLine.arguments[2] {
  case "class": run(workload, Classes.self, count)
  case "managed": run(workload, ManagedBuffers.self, count)
  case "pointer": run(workload, Pointers.self, count)
  case "pool": run(workload, Pools.self, count)
  default: fatalError("no such store")
  }
var usage = rusage()
getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
let seconds = Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) / 1e6
print(result, seconds, usage.ru_maxrss)
