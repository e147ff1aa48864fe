// Swift's Dictionary computes its capacity with floating point, so tasks may use it. Handlers and the allocator don't,
// and so needn't save its registers: only this file and the Swift files are compiled to use them.

// Enough for numbers below 2^63.
double ceil(double number) {
  double whole = (double)(long)number;
  return whole < number ? whole + 1 : whole;
}
