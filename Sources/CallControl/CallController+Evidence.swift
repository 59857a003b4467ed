package import SIP

// Between the user agent and whoever guards the door.
extension CallController {
  /// What peers have shown of themselves since this was asked last; ask after every input.
  package mutating func takeEvidence() -> [PeerEvidence] { userAgent.takeEvidence() }

  /// Holds an account back, or lets it go (nil).
  package mutating func setHold(_ hold: AccountHold?, on account: String) { userAgent.accountHolds[account] = hold }
}
