import RealTime

/// What a simulated network does to datagrams, each way.
package struct NetworkConditions: Hashable, Sendable {
  /// 0–1; the default is 0.
  package var loss: Double
  /// 0–1; the default is 0.
  package var duplication: Double
  /// The share of datagrams (0–1) that take 5–60 ms longer, so that later ones overtake them; the default is 0.
  package var reordering: Double
  /// The default is 1 ms.
  package var delayMilliseconds: ClosedRange<Int>

  package init(loss: Double = 0, duplication: Double = 0, reordering: Double = 0, delayMilliseconds: ClosedRange<Int> = 1...1) {
    self.loss = loss
    self.duplication = duplication
    self.reordering = reordering
    self.delayMilliseconds = delayMilliseconds
  }

  package static let clean = NetworkConditions()

  /// How long each copy of a datagram takes that is sent now; empty: it is lost.
  func journeys(_ random: inout SeededRandom) -> [MediaTime] {
    guard !random.chance(loss) else { return [] }
    return (0..<(random.chance(duplication) ? 2 : 1)).map { _ in
      let delay = random.number(in: delayMilliseconds) + (random.chance(reordering) ? random.number(in: 5...60) : 0)
      return .milliseconds(delay)
    }
  }
}
