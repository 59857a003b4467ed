private import Glibc

/// Windows of the concealer's analysis, built once for the process.
struct ConcealmentTables: @unchecked Sendable {
  /// 160 samples: a sine rise over 85 %, a cosine fall over 15 %.
  let analysis: UnsafePointer<Float>
  /// 33 lags: a Gaussian of 30 Hz.
  let lag: UnsafePointer<Float>

  static let shared = ConcealmentTables()

  private init() {
    let analysis = UnsafeMutablePointer<Float>.allocate(capacity: 160)
    for index in 0..<160 {
      let position = Double(index) + 0.5
      analysis[index] = Float(index < 136 ? sin(.pi / 2 * position / 136) : cos(.pi / 2 * (position - 136) / 24))
    }
    let lag = UnsafeMutablePointer<Float>.allocate(capacity: 33)
    for index in 0..<33 {
      let angle = 2 * Double.pi * 30 * Double(index) / 8_000
      lag[index] = Float(exp(-0.5 * angle * angle))
    }
    self.analysis = UnsafePointer(analysis)
    self.lag = UnsafePointer(lag)
  }
}
