/// Counters since the start.
package struct ProtectionStatistics: Hashable, Sendable {
  package var admitted = 0
  /// Of banned sources.
  package var droppedBanned = 0
  /// Requests of strangers that got no answer any more.
  package var droppedSilenced = 0
  /// Over a source's own rate.
  package var droppedRate = 0
  /// Over the rate of all strangers.
  package var droppedFlood = 0
  package var connectionsRefused = 0
  package var failedDigests = 0
  /// Wrong credentials that may come from a forged source, and count for nothing.
  package var failuresUnproven = 0
  package var bans = 0
  package var bansLifted = 0

  package var dropped: Int { droppedBanned + droppedSilenced + droppedRate + droppedFlood }

  package init() {}
}
