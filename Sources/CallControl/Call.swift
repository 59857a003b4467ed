import Numbering
import SIP
import TelephonyHAL

/// One call: what is known of it, what it holds, and the machine of its present phase.
struct Call: Sendable {
  enum Phase: Sendable {
    /// A call that the operator placed: the softphone rings first.
    case callingBack(until: Duration)
    case outbound(OutboundCall)
    case inbound(InboundCall)
    case talking(Conversation)
    /// Over; the media path has the last word.
    case closing(until: Duration)
  }

  /// The signalling leg that counts: the caller's, or the softphone's that answered.
  struct Leg: Sendable {
    let id: LegID
    /// The offer of an INVITE that waits for our answer; nil: there was none.
    var offer: [UInt8]?
    var isAnswered: Bool
  }

  enum MediaState: Sendable {
    case none
    case opening
    case open
    case closing
  }

  var record: CallRecord
  var phase: Phase
  var leg: Leg?
  /// Softphones that are being rung.
  var ringingLegs: [LegID] = []
  var session: MediaSession
  var mediaState = MediaState.none
  /// Where the signalling of those that are rung comes from.
  var signallingHosts: [LegID: String] = [:]
  /// Where the peer's signalling comes from.
  var signallingHost: String?

  var line: LineID?
  /// The line was told to go off hook for this call.
  var isLineOffHook = false
  /// Lines that were tried and given back.
  var triedLines: Set<LineID> = []
  var groups: [String] = []
  var dialled: DialledNumber?
  /// The rest of limits and budgets at the time of admission.
  var longest: Duration
  /// Whom the operator's call rings.
  var callback: CallControlConfiguration.InboundDestination?

  init(record: CallRecord, phase: Phase, session: MediaSession, longest: Duration) {
    self.record = record
    self.phase = phase
    self.session = session
    self.longest = longest
  }

  var id: CallID { record.id }

  var isOver: Bool { record.end != nil }

  var isTalking: Bool {
    if case .talking = phase { true } else { false }
  }

  /// The softphone's part in the call.
  var softphone: CallParty { record.direction == .outbound ? .caller : .callee }

  var deadline: Duration? {
    switch phase {
    case .callingBack(let until), .closing(let until): until
    case .outbound(let machine): machine.deadline
    case .inbound(let machine): machine.deadline
    case .talking(let machine): machine.deadline
    }
  }

  // MARK: Inputs for the machine of the phase

  mutating func line(_ event: LineEvent, now: Duration) -> [CallAction] {
    if record.direction == .inbound, case .callerID(let callerID) = event { record.number = callerID.number ?? "" }
    switch phase {
    case .outbound(var machine):
      defer { phase = .outbound(machine) }
      return machine.line(event, now: now)
    case .inbound(var machine):
      defer { phase = .inbound(machine) }
      return machine.line(event, now: now)
    case .talking(var machine):
      defer { phase = .talking(machine) }
      return machine.line(event, now: now)
    case .callingBack, .closing: return []
    }
  }

  mutating func media(_ event: MediaEvent, now: Duration) -> [CallAction] {
    switch phase {
    case .outbound(var machine):
      defer { phase = .outbound(machine) }
      return machine.media(event, now: now)
    case .inbound(var machine):
      defer { phase = .inbound(machine) }
      return machine.media(event, now: now)
    case .talking(var machine):
      defer { phase = .talking(machine) }
      return machine.media(event, now: now)
    case .callingBack:
      guard case .openFailed(_, let why) = event else { return [] }
      return [.end(EndReason(.noMediaPort, by: .gateway, because: "no media port could be opened: \(why)"))]
    case .closing: return []
    }
  }

  mutating func advance(to now: Duration) -> [CallAction] {
    switch phase {
    case .outbound(var machine):
      defer { phase = .outbound(machine) }
      return machine.advance(to: now)
    case .inbound(var machine):
      defer { phase = .inbound(machine) }
      return machine.advance(to: now)
    case .talking(var machine):
      defer { phase = .talking(machine) }
      return machine.advance(to: now)
    case .callingBack(let until):
      guard until <= now else { return [] }
      return [.end(EndReason(.nobodyReachable, by: .gateway, because: "the softphone that was to be rung first did not answer"))]
    case .closing: return []
    }
  }

  /// What a machine says that only one phase has.
  mutating func outbound(_ input: (inout OutboundCall) -> [CallAction]) -> [CallAction] {
    guard case .outbound(var machine) = phase else { return [] }
    defer { phase = .outbound(machine) }
    return input(&machine)
  }

  mutating func inbound(_ input: (inout InboundCall) -> [CallAction]) -> [CallAction] {
    guard case .inbound(var machine) = phase else { return [] }
    defer { phase = .inbound(machine) }
    return input(&machine)
  }

  mutating func conversation(_ input: (inout Conversation) -> [CallAction]) -> [CallAction] {
    guard case .talking(var machine) = phase else { return [] }
    defer { phase = .talking(machine) }
    return input(&machine)
  }
}
