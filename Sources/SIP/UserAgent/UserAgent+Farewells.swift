// What a user agent that is about to go still waits for.
extension UserAgent {
  /// A BYE or CANCEL of ours has no final answer yet, or a call of ours that was ended waits to be told.
  package var awaitsFarewells: Bool {
    transactions.clients.values.contains { $0.isUnansweredFarewell }
      || legs.values.contains { leg in
        switch leg.phase {
        case .closing, .cancelling: true
        case .calling, .ringing, .established, .over: false
        }
      }
  }
}

extension ClientTransaction {
  fileprivate var isUnansweredFarewell: Bool {
    guard request.method == .bye || request.method == .cancel, case .nonInvite(let machine) = machine else { return false }
    return machine.awaitsAnswer
  }
}
