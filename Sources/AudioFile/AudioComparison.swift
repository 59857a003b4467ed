private import Glibc

/// Whether a recording holds a source, where, and how loud both are.
///
/// ```
///  source   ──────[most energetic 2 s]────────
///                         │ cross-correlation by FFT, block by block, normalised
///  recording ─────────────▼──[ best match ]─────   then in pieces of 250 ms, each free to move 10 ms:
///                                                  clocks differ, and pauses may have been shortened
/// ```
package struct AudioComparison: Equatable, Sendable {
  /// Where the source's first sample lies in the recording, samples; negative when it began before.
  package var delayInSamples: Int
  /// How alike the source's loudest part and its match are, 0–1; around 0.1 for audio that has nothing to do with it.
  package var correlation: Double
  /// Whether the match is upside down.
  package var isInverted: Bool
  /// Level of the recording where it matches, dBm0; -96 for silence.
  package var heardLevel: Double
  /// Level of the source's part compared, dBm0; -96 for silence.
  package var sourceLevel: Double

  /// Milliseconds, from `delayInSamples`.
  package var delayInMilliseconds: Double { Double(delayInSamples) / 8 }

  private static let longestPart = 16_000
  private static let piece = 2_000
  private static let play = 80

  /// Looks for `source` in `heard`.
  ///
  /// Both 8 kHz; either may be empty or silent, which gives a correlation of 0.
  package static func compare(heard: [Int16], source: [Int16]) -> AudioComparison {
    var result = AudioComparison(
      delayInSamples: 0, correlation: 0, isInverted: false, heardLevel: level(heard[...]), sourceLevel: level(source[...]))
    let length = min(longestPart, source.count, heard.count)
    guard length >= 80 else { return result }
    let start = loudest(source, length: length)
    let part = source[start..<start + length]
    result.sourceLevel = level(part)
    guard result.sourceLevel > -90, let match = search(part, in: heard) else { return result }
    result.delayInSamples = match.lag - start
    result.isInverted = match.correlation < 0
    result.correlation = min(1, refined(part, heard, lag: match.lag, sign: match.correlation < 0 ? -1 : 1))
    result.heardLevel = level(heard[match.lag..<min(match.lag + length, heard.count)])
    return result
  }

  /// Level in dBm0: a sine with a peak of 32,124 is +3.17 dBm0.
  package static func level(_ samples: ArraySlice<Int16>) -> Double {
    guard !samples.isEmpty else { return -96 }
    var sum = 0.0
    for sample in samples { sum += Double(sample) * Double(sample) }
    guard sum > 0 else { return -96 }
    return max(-96, 3.17 + 10 * log10(sum / Double(samples.count) / (32_124.0 * 32_124.0 / 2)))
  }

  /// Where the part of most energy begins, in steps of 10 ms.
  private static func loudest(_ samples: [Int16], length: Int) -> Int {
    let sums = energySums(samples)
    var best = 0
    for start in stride(from: 0, through: samples.count - length, by: 80)
    where sums[start + length] - sums[start] > sums[best + length] - sums[best] {
      best = start
    }
    return best
  }

  private static func energySums(_ samples: [Int16]) -> [Double] {
    var sums = [0.0]
    sums.reserveCapacity(samples.count + 1)
    var sum = 0.0
    for sample in samples {
      sum += Double(sample) * Double(sample)
      sums.append(sum)
    }
    return sums
  }

  /// The lag of the largest normalised correlation, of either sign.
  ///
  /// The recording may end within the match, by half of it.
  private static func search(_ part: ArraySlice<Int16>, in heard: [Int16]) -> (lag: Int, correlation: Double)? {
    let length = part.count
    var size = 1
    while size < 2 * length { size *= 2 }
    let transform = FourierTransform(count: size)
    var partReal = part.map(Float.init) + [Float](repeating: 0, count: size - length)
    var partImaginary = [Float](repeating: 0, count: size)
    transform.transform(&partReal, &partImaginary, inverse: false)

    let sums = energySums(heard)
    let partEnergy = energySums(Array(part))[length]
    let lastLag = heard.count - length / 2
    let step = size - length + 1
    var best: (lag: Int, correlation: Double)?
    for block in stride(from: 0, through: lastLag, by: step) {
      var real = (0..<size).map { block + $0 < heard.count ? Float(heard[block + $0]) : 0 }
      var imaginary = [Float](repeating: 0, count: size)
      transform.transform(&real, &imaginary, inverse: false)
      for index in 0..<size {
        // The conjugate of the part: correlation, not convolution.
        let r = real[index] * partReal[index] + imaginary[index] * partImaginary[index]
        let i = imaginary[index] * partReal[index] - real[index] * partImaginary[index]
        real[index] = r
        imaginary[index] = i
      }
      transform.transform(&real, &imaginary, inverse: true)
      for offset in 0..<min(step, lastLag - block + 1) {
        let lag = block + offset
        let energy = sums[min(lag + length, heard.count)] - sums[lag]
        guard energy > 0.001 * partEnergy || energy > Double(length) * 100 else { continue }
        let value = Double(real[offset]) / Double(size) / (energy * partEnergy).squareRoot()
        if abs(value) > abs(best?.correlation ?? 0) { best = (lag, value) }
      }
    }
    return best
  }

  /// The correlation of pieces of 250 ms, each at its best within 10 ms of the lag, weighted by the source's energy.
  private static func refined(_ part: ArraySlice<Int16>, _ heard: [Int16], lag: Int, sign: Double) -> Double {
    var weighted = 0.0
    var total = 0.0
    for start in stride(from: 0, to: part.count, by: piece) {
      let count = min(piece, part.count - start)
      let left = part[(part.startIndex + start)..<(part.startIndex + start + count)].map(Double.init)
      let energy = left.reduce(0) { $0 + $1 * $1 }
      guard energy > 0 else { continue }
      var best = 0.0
      for shift in -play...play {
        let from = lag + start + shift
        guard from >= 0, from + count <= heard.count else { continue }
        var product = 0.0
        var right = 0.0
        for index in 0..<count {
          let value = Double(heard[from + index])
          product += left[index] * value
          right += value * value
        }
        if right > 0 { best = max(best, sign * product / (energy * right).squareRoot()) }
      }
      weighted += energy * best
      total += energy
    }
    return total > 0 ? weighted / total : 0
  }
}
