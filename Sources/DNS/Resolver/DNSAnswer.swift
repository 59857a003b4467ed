/// What became of a question.
package enum DNSAnswer: Hashable, Sendable {
  /// What its records say, aliases followed; never empty.
  case records([RecordData])
  /// The name exists, but has no such record.
  case noRecord
  case noSuchName
  /// No server gave an answer; it may be different soon.
  case failed(DNSFailure)

  package var data: [RecordData] {
    if case .records(let data) = self { data } else { [] }
  }
}

/// Why there is no answer.
package enum DNSFailure: String, Hashable, Sendable {
  /// No server answered in time.
  case timeout
  /// Every server said that it could not, or would not.
  case refused
  /// Aliases that lead nowhere, or round and round.
  case alias
  /// More questions are under way than are allowed.
  case busy
}
