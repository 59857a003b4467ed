import Glibc
package import MediaPath

/// The E-model of ITU-T G.107 with what a gateway knows of the way from the packet network: delay and loss.
///
/// Narrowband, G.711 with concealment.
package struct VoiceQuality: Sendable {
  /// One way, ms.
  package var delayMilliseconds: Double
  /// Lost or late, 0 to 1.
  package var lossFraction: Double

  package init(delayMilliseconds: Double, lossFraction: Double) {
    self.delayMilliseconds = delayMilliseconds
    self.lossFraction = lossFraction
  }

  package init(_ path: PathStatistics) {
    let missing = Double(path.packetsLost + path.packetsLate)
    let all = missing + Double(path.packetsReceived - path.packetsLate)
    // 20 ms: a packet's own length.
    let network = path.roundTripMilliseconds >= 0 ? Double(path.roundTripMilliseconds) / 2 : 0
    delayMilliseconds = Double(path.bufferDelayMilliseconds + path.lineDelayMilliseconds) + network + 20
    lossFraction = all > 0 ? min(max(missing / all, 0), 1) : 0
  }

  /// R of G.107 with all other values at their defaults: 93.2 at best.
  package var rating: Double {
    // G.107 (7-28) for an echo-free connection, and (7-29) with Bpl = 25.1 (G.113, G.711 with concealment).
    let delay = max(delayMilliseconds, 0)
    var delayImpairment = 0.0
    if delay > 100 {
      let x = log2(delay / 100)
      delayImpairment = 25 * (pow(1 + pow(x, 6), 1.0 / 6) - 3 * pow(1 + pow(x / 3, 6), 1.0 / 6) + 2)
    }
    let loss = lossFraction * 100
    return 93.2 - delayImpairment - 95 * loss / (loss + 25.1)
  }

  /// 1 to 4.5; G.107 annex B.
  package var meanOpinionScore: Double {
    let rating = rating
    if rating <= 0 { return 1 }
    if rating >= 100 { return 4.5 }
    return max(1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6, 1)
  }
}
