/// The sizes that the structs of heaps and the process had in 0.3.0. No caller knows less.
enum FirstSizes {
  static var heapUsage: Int { 48 }
  static var processUsage: Int { 96 }
  static var processOptions: Int { 16 }
  static var classStatistics: Int { 48 }
}
