/// What a stranger has left of its allowances; over UDP, where the source may be forged, and over connections, where it is not, apart.
struct StrangerRecord: Sendable {
  enum Outcome { case heard, silenced, ownRate, rateOfAll }

  struct Carried: Sendable {
    var messages = TokenBucket()
    var answers = TokenBucket()

    /// Its own rate goes first, so that one that floods takes nothing from the others' share.
    mutating func judge(
      _ kind: MessageKind, _ configuration: ProtectionConfiguration, _ allStrangers: inout TokenBucket, _ now: Moment
    ) -> Outcome {
      guard messages.take(of: configuration.strangerMessages, now: now) else { return .ownRate }
      guard kind != .request || answers.take(of: configuration.unauthenticatedAnswers, now: now) else { return .silenced }
      return allStrangers.take(of: configuration.allStrangerMessages, now: now) ? .heard : .rateOfAll
    }
  }

  var datagrams = Carried()
  var streams = Carried()
  var failures = TokenBucket()
  var connections = TokenBucket()
  var brokenConnections = TokenBucket()
  /// The first and the latest request that was left without an answer; another begins a new time of silence after a quiet minute.
  var silentSince = Moment(nanoseconds: .min / 2)
  var silentUntil = Moment(nanoseconds: .min / 2)
  var silenced = 0

  mutating func note(_ outcome: Outcome, _ now: Moment) {
    guard outcome == .silenced else { return }
    if !isSilent(now) { (silentSince, silenced) = (now, 0) }
    silentUntil = now + .seconds(60)
    silenced += 1
  }

  func isSilent(_ now: Moment) -> Bool { now < silentUntil }

  /// How much would be forgotten with it: what is full again is worth nothing, a failed digest more than many messages.
  func worth(_ configuration: ProtectionConfiguration, _ now: Moment) -> Double {
    let answers =
      datagrams.answers.spent(of: configuration.unauthenticatedAnswers, now: now)
      + streams.answers.spent(of: configuration.unauthenticatedAnswers, now: now)
    let messages =
      datagrams.messages.spent(of: configuration.strangerMessages, now: now)
      + streams.messages.spent(of: configuration.strangerMessages, now: now)
    let failures = failures.spent(of: configuration.failedDigests, now: now)
    let broken = brokenConnections.spent(of: configuration.brokenConnections, now: now)
    return answers + messages / 10 + 100 * failures + 2 * broken
  }
}

/// A source that has proven itself.
struct ProvenRecord: Sendable {
  /// Live registrations from there.
  var registrations = 0
  var until: Moment
  var messages = TokenBucket()

  func isValid(_ now: Moment) -> Bool { registrations > 0 || now < until }
  func worth(at now: Moment) -> Double { registrations > 0 ? .greatestFiniteMagnitude : Double(until.nanoseconds &- now.nanoseconds) }
}
