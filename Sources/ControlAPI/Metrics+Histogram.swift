/// Counts values into buckets, as Prometheus wants them.
package struct MetricHistogram: Sendable, Equatable {
  /// Upper bounds of the buckets, rising; what is beyond the last counts in the sum only.
  package let bounds: [Double]
  private var counts: [Int]
  private var count = 0
  private var sum = 0.0

  package init(bounds: [Double]) {
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count)
  }

  package mutating func note(_ value: Double) {
    guard value.isFinite else { return }
    count += 1
    sum += value
    if let index = bounds.firstIndex(where: { value <= $0 }) { counts[index] += 1 }
  }

  /// The samples of one series: buckets with all below them, sum and count.
  package func samples(_ labels: [(String, String)] = []) -> [MetricFamily.Sample] {
    var below = 0
    var samples: [MetricFamily.Sample] = []
    for (bound, count) in zip(bounds, counts) {
      below += count
      samples.append(.init(Double(below), labels + [("le", "\(bound)")], suffix: "_bucket"))
    }
    samples.append(.init(Double(count), labels + [("le", "+Inf")], suffix: "_bucket"))
    samples.append(.init(sum, labels, suffix: "_sum"))
    samples.append(.init(Double(count), labels, suffix: "_count"))
    return samples
  }
}
