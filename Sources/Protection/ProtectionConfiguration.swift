/// What a source may do before it is held back, and for how long.
///
/// A stranger is a source that has proven nothing: no right credentials, no answer to a request of ours, not in a trusted network.
package struct ProtectionConfiguration: Hashable, Sendable {
  /// Messages of one stranger; the default is 100 a second, 400 at once: 200 telephones behind one address may start together.
  package var strangerMessages = Allowance(burst: 400, perSecond: 100)
  /// Messages of all strangers together; the default is 4,000 a second, 8,000 at once.
  package var allStrangerMessages = Allowance(burst: 8000, perSecond: 4000)
  /// Messages of one source that has proven itself; the default is 5,000 a second, 10,000 at once.
  package var provenMessages = Allowance(burst: 10_000, perSecond: 5000)
  /// Requests without credentials that a stranger gets an answer to; then silence.
  ///
  /// The default is 60 at once, and one more every 2 s.
  package var unauthenticatedAnswers = Allowance(burst: 60, perSecond: 0.5)
  /// Wrong digest credentials before a ban; the default is 10, and one is forgiven each minute.
  package var failedDigests = Allowance(burst: 10, perSecond: 1.0 / 60)
  /// Wrong credentials for one account, whoever sends them, before strangers can no longer log in to it.
  ///
  /// The default is 100, and one is forgiven every 10 s.
  package var accountFailures = Allowance(burst: 100, perSecond: 0.1)
  /// Requests of one account; the default is 200 a second, 1,000 at once.
  package var accountRequests = Allowance(burst: 1000, perSecond: 200)
  /// TCP and TLS connections that one stranger opens; the default is 10 a second, 300 at once.
  package var connections = Allowance(burst: 300, perSecond: 10)
  /// TLS handshakes with all strangers together; the default is 100 a second, 500 at once.
  package var handshakes = Allowance(burst: 500, perSecond: 100)
  /// Connections of one stranger that end without a whole message before a ban; the default is 300, and one is forgiven each second.
  package var brokenConnections = Allowance(burst: 300, perSecond: 1)
  /// The default is one minute; each further ban lasts twice as long.
  package var firstBan = Duration.seconds(60)
  /// The default is a day.
  package var longestBan = Duration.seconds(86_400)
  /// How long a source counts as proven after the last proof; the default is 4 hours, the longest call.
  package var proofLifetime = Duration.seconds(14_400)
  /// Strangers that are remembered; the default is 8,192.
  package var strangerCapacity = 8192
  /// Bans, past ones that are not forgiven included, and proven sources that are remembered; the default is 16,384 of each.
  package var capacity = 16_384

  package init() {}
}
