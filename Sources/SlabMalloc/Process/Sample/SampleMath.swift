/// The two numbers of sampling by bytes: how many bytes to the next sample, and how many objects a sample stands for.
///
///     gap    -ln(u) * rate                        u is random, above 0 and at most 1
///     scale  1 / (1 - exp(-bytes / rate))         the probability of a sample, turned over: tcmalloc and jemalloc
///                                                 state the same
///
/// The library has no libm. Both functions are series.
enum SampleMath {
  private static var ln2: Double { 0.693_147_180_559_945_3 }

  static func gap(_ random: UInt64, rate: UInt) -> Int {
    let uniform = Double((random >> 11) + 1) / Double(UInt64(1) << 53)
    let gap = -naturalLogarithm(uniform) * Double(rate)
    return gap < Double(Int.max / 2) ? Int(gap) : Int.max / 2
  }

  static func scale(_ bytes: UInt, rate: UInt) -> Double { 1 / probability(Double(bytes) / Double(rate)) }

  /// A number of samples of one size, as objects.
  static func objects(_ samples: UInt, _ bytes: UInt, rate: UInt) -> UInt {
    let objects = Double(samples) * scale(bytes, rate: rate) + 0.5
    return objects < Double(UInt.max / 2) ? UInt(objects) : UInt.max / 2
  }

  /// Of a number above 0.
  private static func naturalLogarithm(_ number: Double) -> Double {
    // number = fraction * 2^exponent, with 1 <= fraction < 2.
    let bits = number.bitPattern
    let exponent = Int(truncatingIfNeeded: bits >> 52 & 0x7FF) - 1023
    let fraction = Double(bitPattern: bits & (1 << 52 - 1) | 1023 << 52)
    // ln f = 2 (z + z^3/3 + z^5/5 + ...), with z = (f - 1) / (f + 1) <= 1/3.
    let z = (fraction - 1) / (fraction + 1)
    var (power, sum, divisor) = (z, 0.0, 1.0)
    while divisor < 34 {
      sum += power / divisor
      power *= z * z
      divisor += 2
    }
    return Double(exponent) * ln2 + 2 * sum
  }

  /// 1 - exp(-x) of a number above 0.
  private static func probability(_ x: Double) -> Double {
    guard x < 40 else { return 1 }
    // exp(-x) = exp(-x / 2^n)^(2^n). The series is that of 1 - exp, which loses nothing where x is small.
    var (small, doublings) = (x, 0)
    while small > 0.5 {
      small /= 2
      doublings += 1
    }
    var (term, rest, divisor) = (small, 0.0, 1.0)
    while divisor < 16 {
      rest += term
      divisor += 1
      term *= -small / divisor
    }
    // 1 - (1 - r)^2 = r (2 - r)
    for _ in 0..<doublings { rest *= 2 - rest }
    return rest
  }
}
