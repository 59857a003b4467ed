// Who is heard. Every message is judged before it is parsed, at the same small cost whatever it is:
//
//   message ─▶ banned? ───────────────────────────────────────────────────▶ dropped
//                │ no
//                ├─ trusted network ──────────────────────────────────────▶ heard
//                ├─ proven source ─▶ its (large) rate ────────────────────▶ heard │ dropped
//                └─ stranger ─▶ its rate ─▶ rate of all strangers ─▶ answers left? ─▶ heard │ dropped
//
//   wrong credentials, proven to come from there ─▶ failures ─▶ ban: 1 min, 2, 4 … 24 h; forgiven after as much quiet
//   right credentials, an answer to a request of ours, a live registration ─▶ proven: never banned, never silenced
//
// Over UDP anybody can write anybody's address. So nothing that comes over UDP leads to a ban unless it shows that its sender has read
// what we sent to that address, and tables that forged sources can fill hold nothing that lasts.

/// Rate limits, silence and bans by source and by account: a value without clock or socket.
///
/// One owner, any thread; `now` is monotonic time since an origin that all inputs share. All tables are bounded; every operation on them
/// takes the same short time whatever they hold.
package struct Protection: Sendable {
  /// How a message came: the source of a datagram may be forged.
  package enum Carrier: Hashable, Sendable { case datagram, stream }

  package enum Verdict: Hashable, Sendable {
    case heard
    case banned
    case silenced
    /// More than the source, or all strangers together, may send.
    case tooMany
  }

  package var configuration: ProtectionConfiguration
  package internal(set) var statistics = ProtectionStatistics()
  var strangers: BoundedTable<Source, StrangerRecord>
  var proven: BoundedTable<Source, ProvenRecord>
  var bans: BoundedTable<Source, BanRecord>
  var accounts = AccountTable()
  private var allStrangers = TokenBucket()
  private var handshakes = TokenBucket()
  /// Sources of live registrations by account.
  private var registrations: [String: [Source]] = [:]

  /// - Parameter seed: random, so that nobody can foresee which entries make room.
  package init(_ configuration: ProtectionConfiguration = ProtectionConfiguration(), seed: UInt64) {
    self.configuration = configuration
    strangers = BoundedTable(capacity: configuration.strangerCapacity, seed: seed)
    proven = BoundedTable(capacity: configuration.capacity, seed: seed &+ 1)
    bans = BoundedTable(capacity: configuration.capacity, seed: seed &+ 2)
  }

  // MARK: Messages

  /// Judges a message before anything of it is parsed.
  package mutating func judge(
    _ kind: MessageKind, from source: Source, over carrier: Carrier, isTrusted: Bool = false, now: Duration
  ) -> Verdict {
    let now = Moment(now)
    let verdict = isTrusted ? .heard : verdict(kind, source, carrier, now)
    if verdict == .heard { statistics.admitted += 1 }
    return verdict
  }

  private mutating func verdict(_ kind: MessageKind, _ source: Source, _ carrier: Carrier, _ now: Moment) -> Verdict {
    if let isAllowed = judgeProven(source, now) { return isAllowed }
    if isBanned(source, now) {
      statistics.droppedBanned += 1
      return .banned
    }
    if strangers[source] == nil { insertStranger(source, now) }
    let configuration = configuration
    var allStrangers = allStrangers
    let outcome = strangers.update(source) { record in
      let outcome =
        carrier == .datagram
        ? record.datagrams.judge(kind, configuration, &allStrangers, now)
        : record.streams.judge(kind, configuration, &allStrangers, now)
      record.note(outcome, now)
      return outcome
    }
    self.allStrangers = allStrangers
    switch outcome ?? .ownRate {
    case .heard: return .heard
    case .silenced:
      statistics.droppedSilenced += 1
      return .silenced
    case .ownRate:
      statistics.droppedRate += 1
      return .tooMany
    case .rateOfAll:
      statistics.droppedFlood += 1
      return .tooMany
    }
  }

  private mutating func judgeProven(_ source: Source, _ now: Moment) -> Verdict? {
    guard proven.count > 0 else { return nil }
    let allowance = configuration.provenMessages
    let isWithin = proven.update(source) { record -> Bool? in
      record.isValid(now) ? record.messages.take(of: allowance, now: now) : nil
    }
    guard let isWithin = isWithin ?? nil else { return nil }
    if !isWithin { statistics.droppedRate += 1 }
    return isWithin ? .heard : .tooMany
  }

  private mutating func isBanned(_ source: Source, _ now: Moment) -> Bool {
    guard bans.count > 0 else { return false }
    return bans.update(source) { record in
      guard record.isActive(now) else { return false }
      record.dropped += 1
      return true
    } ?? false
  }

  mutating func insertStranger(_ source: Source, _ now: Moment) {
    let configuration = configuration
    strangers.insert(source, StrangerRecord()) { $0.worth(configuration, now) }
  }

  // MARK: Connections

  /// Judges a new TCP or TLS connection before its first byte.
  package mutating func judgeConnection(from source: Source, isTLS: Bool, isTrusted: Bool = false, now: Duration) -> Verdict {
    let now = Moment(now)
    if isTrusted || isProven(source, now) { return .heard }
    if isBanned(source, now) {
      statistics.connectionsRefused += 1
      return .banned
    }
    if strangers[source] == nil { insertStranger(source, now) }
    let allowance = configuration.connections
    guard strangers.update(source, { $0.connections.take(of: allowance, now: now) }) == true,
      !isTLS || handshakes.take(of: configuration.handshakes, now: now)
    else {
      statistics.connectionsRefused += 1
      return .tooMany
    }
    return .heard
  }

  /// A connection of that source ended, or timed out, without a whole message; the ban that it leads to.
  package mutating func connectionBroken(from source: Source, isTrusted: Bool = false, now: Duration) -> Ban? {
    let now = Moment(now)
    guard !isTrusted, !isProven(source, now), !isBanned(source, now) else { return nil }
    if strangers[source] == nil { insertStranger(source, now) }
    let allowance = configuration.brokenConnections
    guard strangers.update(source, { $0.brokenConnections.take(of: allowance, now: now) }) == false else { return nil }
    return ban(source, .brokenConnections, now)
  }

  // MARK: Proofs

  func isProven(_ source: Source, _ now: Moment) -> Bool { proven[source]?.isValid(now) == true }

  /// Whether a peer at that source has proven itself.
  package func isProven(_ source: Source, now: Duration) -> Bool { isProven(source, Moment(now)) }

  /// A peer at that source has shown right credentials, or has answered a request of ours.
  package mutating func prove(_ source: Source, now: Duration) {
    let now = Moment(now)
    let until = now + configuration.proofLifetime
    if proven.update(source, { $0.until = max($0.until, until) }) == nil {
      proven.insert(source, ProvenRecord(until: until)) { $0.worth(at: now) }
    }
    // What stands against it from before was somebody who did not know the password yet.
    strangers.remove(source)
  }

  /// The sources of all live registrations of an account; replaces those told before.
  package mutating func setRegistrations(of account: String, _ sources: [Source], now: Duration) {
    let moment = Moment(now)
    for source in registrations[account] ?? [] { _ = proven.update(source) { $0.registrations = max(0, $0.registrations - 1) } }
    registrations[account] = sources.isEmpty ? nil : sources
    for source in sources {
      if proven.update(source, { $0.registrations += 1 }) == nil {
        var record = ProvenRecord(until: moment)
        record.registrations = 1
        proven.insert(source, record) { $0.worth(at: moment) }
      }
    }
  }
}
