package import Foundation

/// Answer to `GET /v1/protection`.
package struct ProtectionStatus: Codable, Sendable, Equatable {
  /// A source that is not heard for a time.
  package struct Ban: Codable, Sendable, Equatable {
    /// An IPv4 address, or the /64 of an IPv6 address.
    package var source: String
    /// `failed_digests` or `broken_connections`.
    package var reason: String
    package var since: Date
    package var until: Date
    /// The how manieth ban that counts; each lasts twice as long as the one before.
    package var level: Int
    /// Messages dropped since.
    package var dropped: Int

    package init(source: String, reason: String, since: Date, until: Date, level: Int, dropped: Int) {
      self.source = source
      self.reason = reason
      self.since = since
      self.until = until
      self.level = level
      self.dropped = dropped
    }
  }

  /// A source whose requests without credentials get no answer now.
  package struct Silence: Codable, Sendable, Equatable {
    package var source: String
    package var since: Date
    package var dropped: Int

    package init(source: String, since: Date, dropped: Int) {
      self.source = source
      self.since = since
      self.dropped = dropped
    }
  }

  /// An account that is held back: `guarded` (too many wrong passwords) or `throttled` (too many requests).
  package struct Account: Codable, Sendable, Equatable {
    package var user: String
    package var restriction: String

    package init(user: String, restriction: String) {
      self.user = user
      self.restriction = restriction
    }
  }

  /// Messages since the start.
  package struct Messages: Codable, Sendable, Equatable {
    package var admitted: Int
    package var droppedBanned: Int
    package var droppedSilenced: Int
    package var droppedRate: Int
    package var droppedFlood: Int

    package init(admitted: Int = 0, droppedBanned: Int = 0, droppedSilenced: Int = 0, droppedRate: Int = 0, droppedFlood: Int = 0) {
      self.admitted = admitted
      self.droppedBanned = droppedBanned
      self.droppedSilenced = droppedSilenced
      self.droppedRate = droppedRate
      self.droppedFlood = droppedFlood
    }
  }

  package struct Credentials: Codable, Sendable, Equatable {
    /// Wrong, from a sender that is truly there: they count.
    package var failed: Int
    /// Wrong, and perhaps from a forged source: they count for nothing.
    package var unproven: Int

    package init(failed: Int = 0, unproven: Int = 0) {
      self.failed = failed
      self.unproven = unproven
    }
  }

  package struct Connections: Codable, Sendable, Equatable {
    package var open: Int
    package var refused: Int
    package var timedOut: Int

    package init(open: Int = 0, refused: Int = 0, timedOut: Int = 0) {
      self.open = open
      self.refused = refused
      self.timedOut = timedOut
    }
  }

  package struct Sources: Codable, Sendable, Equatable {
    /// Have shown right credentials, have answered us, or are registered.
    package var proven: Int
    package var strangers: Int
    /// Strangers forgotten to make room.
    package var forgotten: Int

    package init(proven: Int = 0, strangers: Int = 0, forgotten: Int = 0) {
      self.proven = proven
      self.strangers = strangers
      self.forgotten = forgotten
    }
  }

  /// The latest first.
  package var bans: [Ban]
  /// At most 100.
  package var silenced: [Silence]
  package var accounts: [Account]
  package var bansTotal: Int
  package var bansLifted: Int
  package var messages: Messages
  package var credentials: Credentials
  package var connections: Connections
  package var sources: Sources

  package init(
    bans: [Ban] = [], silenced: [Silence] = [], accounts: [Account] = [], bansTotal: Int = 0, bansLifted: Int = 0,
    messages: Messages = Messages(), credentials: Credentials = Credentials(), connections: Connections = Connections(),
    sources: Sources = Sources()
  ) {
    self.bans = bans
    self.silenced = silenced
    self.accounts = accounts
    self.bansTotal = bansTotal
    self.bansLifted = bansLifted
    self.messages = messages
    self.credentials = credentials
    self.connections = connections
    self.sources = sources
  }
}
