import CSpanDSP

/// The echo paths of ITU-T G.168 annex D; the raw value is the clause, as in the configuration.
package enum HybridModel: String, Sendable, CaseIterable {
  case d2 = "D.2"
  case d3 = "D.3"
  case d4 = "D.4"
  case d5 = "D.5"
  case d6 = "D.6"
  case d7 = "D.7"
  case d8 = "D.8"
  case d9 = "D.9"

  private var index: Int32 {
    switch self {
    case .d2: 2
    case .d3: 3
    case .d4: 4
    case .d5: 5
    case .d6: 6
    case .d7: 7
    case .d8: 8
    case .d9: 9
    }
  }

  /// The impulse response at 8 kHz, scaled so that white noise comes back weaker by `echoReturnLoss` dB.
  package func impulseResponse(echoReturnLoss: Double) -> [Float] {
    var count: Int32 = 0
    var gain: Float = 0
    guard let taps = cspandsp_g168_hybrid(index, &count, &gain), count > 0 else { return [] }
    let shape = UnsafeBufferPointer(start: taps, count: Int(count)).map { Float($0) }
    let energy = shape.reduce(Float(0)) { $0 + $1 * $1 }
    guard energy > 0 else { return [] }
    let scale = (Float(TwoWireLine.powerRatio(decibels: -echoReturnLoss)) / energy).squareRoot()
    return shape.map { $0 * scale }
  }
}
