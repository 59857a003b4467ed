package import ControlAPI
package import Foundation

/// Finds a call of ours among the gateway's, where its status socket can be asked.
package struct GatewayLookup: Sendable {
  let client: ControlClient
  let number: String
  let account: String?
  let since: Date

  /// nil: the socket does not answer; an empty answer: the call is not there (yet).
  func find() async -> CallStatus?? {
    guard let calls = try? await client.calls() else { return nil }
    return .some(Self.match(calls, number: number, account: account, since: since))
  }

  /// The record, which may take a moment; a call that the gateway never had is asked for once.
  func findEnded(isKnown: Bool) async -> CallStatus? {
    for _ in 0..<(isKnown ? 10 : 1) {
      guard let calls = try? await client.calls(ended: true) else { return nil }
      if let found = Self.match(calls, number: number, account: account, since: since) { return found }
      try? await Task.sleep(for: .milliseconds(100))
    }
    return nil
  }

  /// The newest outbound call since then to a number that ends in the same digits.
  package static func match(_ calls: [CallStatus], number: String, account: String?, since: Date) -> CallStatus? {
    let digits = number.filter { $0.isNumber || $0 == "*" || $0 == "#" }.drop { $0 == "0" }
    return calls.filter { call in
      // A second of tolerance: the record's times are rounded.
      call.direction == "outbound" && call.startedAt >= since.addingTimeInterval(-1) && call.number.hasSuffix(digits)
        && (account == nil || call.account == nil || call.account == account)
    }
    .max { $0.startedAt < $1.startedAt }
  }
}
