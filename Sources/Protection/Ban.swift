/// A source that is not heard for a time.
package struct Ban: Hashable, Sendable {
  package enum Reason: String, Hashable, Sendable, CaseIterable {
    /// Wrong digest credentials, on a nonce that was given to this source, or over a connection.
    case failedDigests = "failed_digests"
    /// Connections opened and left without a whole message.
    case brokenConnections = "broken_connections"
  }

  package let source: Source
  package let reason: Reason
  package let since: Duration
  package let until: Duration
  /// The how manieth ban that counts; each lasts twice as long as the one before.
  package let level: Int
  /// What was dropped since.
  package let dropped: Int

  package var length: Duration { until - since }
}

/// What is kept of a ban: as long as it lasts, and afterwards until it is forgiven.
struct BanRecord: Sendable {
  var reason: Ban.Reason
  var level: Int
  var since: Moment
  var until: Moment
  var dropped = 0

  func isActive(_ now: Moment) -> Bool { now < until }

  /// The level that counts now: one less for each time, as long as the ban itself and at least ten minutes, that passed since its end.
  func level(at now: Moment) -> Int {
    guard now > until else { return level }
    let quiet = now.nanoseconds &- until.nanoseconds
    let unit = max(until.nanoseconds &- since.nanoseconds, Moment(.seconds(600)).nanoseconds)
    return max(0, level - Int(quiet / unit))
  }

  /// Which of two bans is given up first: the one that ends first.
  func worth(at now: Moment) -> Double { Double(until.nanoseconds &- now.nanoseconds) }
}
