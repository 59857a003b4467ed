// Wrong credentials, and what they lead to.
extension Protection {
  /// What wrong credentials have led to.
  package struct Consequence: Hashable, Sendable {
    /// The ban that begins with them.
    package var ban: Ban?
    /// The account that strangers cannot log in to from now on.
    package var guardedAccount: String?

    package init() {}
  }

  /// Somebody showed wrong credentials.
  ///
  /// - Parameter account: the account named, where there is one of that name.
  /// - Parameter isProven: the sender is truly at that source: it used a nonce that was given to it, or a connection.
  package mutating func failed(
    _ source: Source, account: String?, isProven: Bool, isTrusted: Bool = false, now: Duration
  ) -> Consequence {
    var consequence = Consequence()
    guard isProven else {
      statistics.failuresUnproven += 1
      return consequence
    }
    statistics.failedDigests += 1
    let now = Moment(now)
    if let account, accounts.failed(account, configuration.accountFailures, now) { consequence.guardedAccount = account }
    guard !isTrusted, !self.isProven(source, now), bans[source]?.isActive(now) != true else { return consequence }
    if strangers[source] == nil { insertStranger(source, now) }
    let allowance = configuration.failedDigests
    // The last of the allowance is the one that bans.
    let isSpent = strangers.update(source) { record in
      !record.failures.take(of: allowance, now: now) || record.failures.spent(of: allowance, now: now) > Double(allowance.burst) - 0.5
    }
    if isSpent == true { consequence.ban = ban(source, .failedDigests, now) }
    return consequence
  }

  mutating func ban(_ source: Source, _ reason: Ban.Reason, _ now: Moment) -> Ban {
    let level = (bans[source]?.level(at: now) ?? 0) + 1
    let length = banLength(level)
    let record = BanRecord(reason: reason, level: level, since: now, until: now + length)
    bans.insert(source, record) { $0.worth(at: now) }
    strangers.remove(source)
    statistics.bans += 1
    return Ban(source, record)
  }

  private func banLength(_ level: Int) -> Duration {
    var length = configuration.firstBan
    for _ in 1..<max(level, 1) {
      length *= 2
      if length >= configuration.longestBan { return configuration.longestBan }
    }
    return min(length, configuration.longestBan)
  }

  // MARK: Operator

  /// The bans that last, the latest first.
  package func activeBans(now: Duration) -> [Ban] {
    let now = Moment(now)
    return bans.entries.filter { $0.value.isActive(now) }.map { Ban($0.key, $0.value) }.sorted { $0.since > $1.since }
  }

  /// Ends a ban and forgives all that led to it; false where there is none.
  package mutating func lift(_ source: Source, now: Duration) -> Bool {
    guard let record = bans[source], record.isActive(Moment(now)) else { return false }
    bans.remove(source)
    strangers.remove(source)
    statistics.bansLifted += 1
    return true
  }

  /// A stranger that gets no answer now.
  package struct Silence: Hashable, Sendable {
    package let source: Source
    package let since: Duration
    /// Requests left without an answer since.
    package let dropped: Int
  }

  /// The strangers that get no answer now, those silent longest first; at most `limit`.
  package func silences(limit: Int, now: Duration) -> [Silence] {
    let moment = Moment(now)
    let silent = strangers.entries.filter { $0.value.isSilent(moment) }.sorted { $0.value.silentSince < $1.value.silentSince }
    return silent.prefix(limit).map { Silence(source: $0.key, since: $0.value.silentSince.duration, dropped: $0.value.silenced) }
  }

  /// Sources in the tables: proven, strangers, and strangers that had to make room.
  package var tableCounts: (proven: Int, strangers: Int, evictions: Int) {
    (proven.count, strangers.count, strangers.evictions + proven.evictions + bans.evictions)
  }
}

extension Ban {
  init(_ source: Source, _ record: BanRecord) {
    self.init(
      source: source, reason: record.reason, since: record.since.duration, until: record.until.duration, level: record.level,
      dropped: record.dropped)
  }
}
