package import SIP

// Trunks: which there are, how they are, and their orderly end.
extension CallController {
  /// Makes the trunks those of `trunks`, as a reload does; the first call begins to register.
  package mutating func setTrunks(_ trunks: [SIPTrunk], now: Duration) {
    configuration.userAgent.trunks = trunks
    userAgent.configuration.trunks = trunks
    pump(now)
  }

  /// Takes the registrations at other systems back, so that they send no more calls; asked for before the gateway ends.
  package mutating func stopTrunks(now: Duration) {
    userAgent.stopTrunks(now: now)
    pump(now)
  }

  /// A keep-alive of ours was answered.
  package mutating func keepAliveAnswered(on flow: Flow, now: Duration) {
    userAgent.keepAliveAnswered(on: flow, now: now)
    pump(now)
  }
}
