package import RealTime
import SDP
package import SIP

/// One call of a softphone: its leg, its session, its audio, and what was seen of it.
package final class SoftphoneCall {
  package enum Happening: Equatable {
    case incoming
    case provisional(Int, hasSDP: Bool)
    case answered
    case failed(Int, ReasonHeader?)
    case acknowledged
    case offered
    case offerAnswered
    case offerFailed(Int)
    case info(String)
    /// The gateway's BYE or CANCEL.
    case ended(ReasonHeader?)
    case cancelled(ReasonHeader?)
    /// The softphone's own hang-up, or a failure that it noticed itself.
    case over
  }

  package struct Seen: Equatable {
    package let at: MediaTime
    package let what: Happening
  }

  package let leg: LegID
  package let port: UInt16
  package var stream: SoftphoneStream
  /// In order of time.
  package internal(set) var seen: [Seen] = []
  /// The INVITE, where the gateway called.
  package internal(set) var invite: IncomingInvite?
  package internal(set) var isOver = false
  var negotiator: MediaNegotiator
  var policy: AudioPolicy
  var isAnswered = false
  /// The gateway's offer in its 200 waits for our ACK's answer.
  var owesAnswer = false

  init(leg: LegID, port: UInt16, negotiator: MediaNegotiator, policy: AudioPolicy, stream: SoftphoneStream) {
    self.leg = leg
    self.port = port
    self.negotiator = negotiator
    self.policy = policy
    self.stream = stream
  }

  func note(_ what: Happening, _ now: MediaTime) { seen.append(Seen(at: now, what: what)) }

  // MARK: What was seen

  /// When something happened first; nil: it never did.
  package func time(of isIt: (Happening) -> Bool) -> MediaTime? { seen.first { isIt($0.what) }?.at }

  package var happenings: [Happening] { seen.map(\.what) }

  package var answeredAt: MediaTime? { time { $0 == .answered || $0 == .acknowledged } }

  /// When the gateway ended the call or refused it, with status (refusals only) and Reason.
  package var endedByGateway: (at: MediaTime, status: Int?, reason: ReasonHeader?)? {
    for seen in seen {
      switch seen.what {
      case .failed(let status, let reason): return (seen.at, status, reason)
      case .ended(let reason), .cancelled(let reason): return (seen.at, nil, reason)
      default: continue
      }
    }
    return nil
  }

  /// Keys of the telephone that came as INFO.
  package var infoDigits: String {
    String(
      happenings.compactMap { happening -> Character? in
        guard case .info(let body) = happening, body.hasPrefix("Signal=") else { return nil }
        return body.dropFirst("Signal=".count).first
      })
  }

  // MARK: Audio

  package var says: SoftphoneStream.Sound {
    get { stream.says }
    set { stream.says = newValue }
  }

  /// Keys a digit as a telephone event.
  package func press(_ digit: Character, milliseconds: Int = 160) { stream.press(digit, milliseconds: milliseconds) }
}
