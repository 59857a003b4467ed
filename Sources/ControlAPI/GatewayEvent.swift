package import Foundation

/// One server-sent event of `GET /v1/events`; the SSE event's name is `type`.
package struct GatewayEvent: Codable, Sendable, Equatable {
  package enum Kind: String, Codable, Sendable {
    /// A call began, changed its state, or ended; `call` is set.
    case call
    /// A line changed its state; `line` is set.
    case line
    /// An account registered or is gone; `account` is set.
    case account
    /// A trunk registered, failed or is gone; `trunk` is set.
    case trunk
    /// Something worth knowing; `message` is set.
    case notice
  }

  package var type: Kind
  package var time: Date
  package var call: CallStatus?
  package var line: LineStatus?
  package var account: AccountStatus?
  package var trunk: TrunkStatus?
  package var message: String?

  package init(
    _ type: Kind, time: Date, call: CallStatus? = nil, line: LineStatus? = nil, account: AccountStatus? = nil,
    trunk: TrunkStatus? = nil, message: String? = nil
  ) {
    self.type = type
    self.time = time
    self.call = call
    self.line = line
    self.account = account
    self.trunk = trunk
    self.message = message
  }
}
