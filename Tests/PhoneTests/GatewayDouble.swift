import Phone
import SDP
import SIP

/// A phone's signalling and a user agent in the gateway's place, joined without a network, in virtual time.
struct GatewayDouble {
  static let phoneAddress = SIPAddress(host: "192.0.2.10", port: 40_000)
  static let gatewayAddress = SIPAddress(host: "192.0.2.1", port: 5060)

  var phone: PhoneCore
  var gateway: UserAgent
  var now = Duration.zero
  /// Nothing that the phone sends arrives.
  var isDeaf = false
  private(set) var phoneEvents: [PhoneCore.Event] = []
  private(set) var media: [(audio: NegotiatedAudio, isTalking: Bool)] = []
  private(set) var leg: LegID?
  private(set) var invite: IncomingInvite?
  private(set) var gatewayEvents: [UserAgent.Event] = []
  private(set) var infos: [String] = []

  init(_ configuration: PhoneConfiguration = .test, accounts: [SIPAccount] = [], isDeaf: Bool = false) {
    var settings = UserAgentConfiguration()
    settings.requiresAuthentication = !accounts.isEmpty
    settings.accounts = accounts
    settings.endpoints = [LocalEndpoint(transport: .udp, address: Self.gatewayAddress)]
    gateway = UserAgent(configuration: settings, seed: 2)
    phone = PhoneCore(
      configuration: configuration, local: Self.phoneAddress, mediaPort: 30_000, gateway: Self.gatewayAddress, seed: 1, now: .zero)
    self.isDeaf = isDeaf
    settle()
  }

  /// Delivers what waits, until nobody has anything to say.
  mutating func settle() {
    var isBusy = true
    while isBusy {
      isBusy = false
      while let output = phone.nextOutput() {
        isBusy = true
        switch output {
        case .transmit(let message, _):
          let flow = Flow(transport: .udp, id: 1, local: Self.gatewayAddress, remote: Self.phoneAddress)
          if !isDeaf { gateway.receive(message, on: flow, now: now) }
        case .event(let event): phoneEvents.append(event)
        case .media(let audio, let isTalking): media.append((audio, isTalking))
        case .closeFlow: break
        }
      }
      while let output = gateway.nextOutput() {
        isBusy = true
        switch output {
        case .transmit(let message, _):
          let flow = Flow(transport: .udp, id: 1, local: Self.phoneAddress, remote: Self.gatewayAddress)
          phone.receive(message, on: flow, now: now)
        case .event(let event): take(event)
        case .closeFlow, .location, .keepAlive: break
        }
      }
    }
  }

  private mutating func take(_ event: UserAgent.Event) {
    gatewayEvents.append(event)
    switch event {
    case .incoming(let leg, let invite):
      self.leg = leg
      self.invite = invite
    case .info(_, _, let body): infos.append(String(decoding: body, as: UTF8.self))
    default: break
    }
  }

  /// Lets time pass, every timer at its moment.
  mutating func run(until end: Duration) {
    while let next = [phone.nextDeadline, gateway.nextDeadline].compactMap({ $0 }).min(), next <= end {
      now = max(now, next)
      phone.advance(to: now)
      gateway.advance(to: now)
      settle()
    }
    now = end
    phone.advance(to: now)
    settle()
  }

  mutating func command(_ body: (inout UserAgent, LegID, Duration) -> Void) {
    guard let leg else { return }
    body(&gateway, leg, now)
    settle()
  }

  /// A gateway's session description; with or without telephone events.
  static func description(telephoneEvents: Bool = true, direction: String = "sendrecv") -> [UInt8] {
    var lines = ["v=0", "o=- 7 7 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0"]
    lines.append("m=audio 16384 RTP/AVP 0" + (telephoneEvents ? " 101" : ""))
    if telephoneEvents { lines += ["a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15"] }
    lines += ["a=ptime:20", "a=\(direction)", "a=rtcp-mux"]
    return Array((lines.joined(separator: "\r\n") + "\r\n").utf8)
  }

  var outcome: CallOutcome? {
    for case .ended(let outcome, _) in phoneEvents { return outcome }
    return nil
  }

  var gatewayEnd: UserAgent.EndCause? {
    for case .ended(_, let cause) in gatewayEvents { return cause }
    return nil
  }
}

extension PhoneConfiguration {
  static var test: PhoneConfiguration { PhoneConfiguration(host: "192.0.2.1", number: "0333331234") }
}
