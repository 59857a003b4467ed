/// A SIP request method (RFC 3261 7.1); case-sensitive, as the grammar says.
package enum SIPMethod: Hashable, Sendable {
  case invite, ack, bye, cancel, options, register
  case info, prack, update, refer, notify, subscribe, message, publish
  case other(String)

  /// The method a token stands for.
  package init(_ token: String) {
    self = Self.known(token) ?? .other(token)
  }

  /// The method as it is written in a message.
  package var name: String {
    switch self {
    case .invite: "INVITE"
    case .ack: "ACK"
    case .bye: "BYE"
    case .cancel: "CANCEL"
    case .options: "OPTIONS"
    case .register: "REGISTER"
    case .info: "INFO"
    case .prack: "PRACK"
    case .update: "UPDATE"
    case .refer: "REFER"
    case .notify: "NOTIFY"
    case .subscribe: "SUBSCRIBE"
    case .message: "MESSAGE"
    case .publish: "PUBLISH"
    case .other(let token): token
    }
  }

  /// False for a method no standard we know defines; such requests get 501 (RFC 3261 21.5.2).
  package var isKnown: Bool {
    if case .other = self { false } else { true }
  }

  private static func known(_ token: String) -> SIPMethod? {
    switch token {
    case "INVITE": .invite
    case "ACK": .ack
    case "BYE": .bye
    case "CANCEL": .cancel
    case "OPTIONS": .options
    case "REGISTER": .register
    case "INFO": .info
    case "PRACK": .prack
    case "UPDATE": .update
    case "REFER": .refer
    case "NOTIFY": .notify
    case "SUBSCRIBE": .subscribe
    case "MESSAGE": .message
    case "PUBLISH": .publish
    default: nil
    }
  }
}

extension SIPMethod: CustomStringConvertible, SIPHeaderValue {
  package var description: String { name }

  package func write(to output: inout [UInt8]) {
    output.append(text: name)
  }
}
