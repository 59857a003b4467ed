import SIP

/// A transfer under way with what it holds: the targets' legs, and the session that they are offered.
struct PendingTransfer: Sendable {
  /// Whom to call, and over what.
  struct Target: Sendable {
    var uri: SIPURI
    var flow: Flow?
    var addressOfRecord: String?
    var identity: PeerIdentity?
  }

  var machine: Transfer
  let request: TransferRequest
  /// For people.
  let name: String
  let targets: [Target]
  /// Its leg, which may be over.
  let transferor: LegID
  var session: MediaSession
  /// Targets that ring.
  var legs: [LegID] = []
  var answered: LegID?
  /// The best of what targets that failed have said.
  private(set) var status = 480
  private var hasStatus = false

  init(_ request: TransferRequest, name: String, targets: [Target], machine: Transfer, transferor: LegID, session: MediaSession) {
    self.request = request
    self.name = name
    self.targets = targets
    self.machine = machine
    self.transferor = transferor
    self.session = session
  }

  /// Busy and declined say more than that a contact did not answer.
  mutating func noteFailure(_ status: Int) {
    let isTelling = status == 486 || status >= 600
    guard !hasStatus || isTelling else { return }
    hasStatus = true
    // What is the gateway's own affair with the target is none of the transferor's: credentials, redirection.
    self.status = status < 400 || status == 401 || status == 407 ? 480 : status
  }
}
