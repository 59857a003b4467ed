import Phone
import SDP
import SIP
import Testing

@Suite struct PhoneCoreTests {
  @Test func theInviteNamesNumberAndOffersAudio() throws {
    let call = GatewayDouble()
    let invite = try #require(call.invite)
    #expect(invite.requestURI.user == "0333331234")
    #expect(invite.requestURI.parameters["user"] == "phone")
    let offer = try SessionDescription(parsing: try #require(invite.sdp))
    #expect(offer.media.first?.port == 30_000)
    #expect(offer.media.first?.formats == ["0", "8", "101"])
  }

  @Test(arguments: [
    (PhoneTransport.udp, PhoneConfiguration.Security.offered, "RTP/AVP", 0), (.tcp, .offered, "RTP/AVP", 0), (.tls, .off, "RTP/AVP", 0),
    (.tls, .offered, "RTP/AVP", 2), (.tls, .required, "RTP/SAVP", 2),
  ])
  func keysAreOfferedOverTLSOnly(
    _ transport: PhoneTransport, _ security: PhoneConfiguration.Security, _ profile: String, _ keys: Int
  ) throws {
    var configuration = PhoneConfiguration(host: "192.0.2.1", transport: transport, number: "0333331234")
    configuration.security = security
    let sdp = try #require(GatewayDouble(configuration).invite?.sdp)
    let offer = try SessionDescription(parsing: sdp)
    #expect(offer.media[0].transport == profile && offer.media[0].attributes.values("crypto").count == keys)
  }

  @Test func earlyMediaRingingAnswerAndOurHangUpAfterTheTalk() throws {
    var configuration = PhoneConfiguration.test
    configuration.talkSeconds = 3
    var call = GatewayDouble(configuration)
    let sdp = GatewayDouble.description()
    call.command { $0.progress($1, status: 183, sdp: sdp, now: $2) }
    #expect(call.phoneEvents == [.dialling, .earlyMedia])
    #expect(call.media.last?.isTalking == false)
    call.command { $0.progress($1, status: 180, sdp: sdp, now: $2) }
    call.command { $0.progress($1, status: 180, sdp: sdp, now: $2) }
    #expect(call.phoneEvents == [.dialling, .earlyMedia, .ringing])
    call.run(until: .seconds(2))
    call.command { $0.answer($1, sdp: sdp, now: $2) }
    #expect(call.phoneEvents.last == .answered)
    #expect(call.media.last?.isTalking == true)
    #expect(call.media.last?.audio.remotePort == 16_384)
    call.run(until: .milliseconds(4_999))
    #expect(call.outcome == nil)
    call.run(until: .seconds(5))
    #expect(call.outcome == .answered(endedBy: .here))
    #expect(call.gatewayEnd == .bye(nil))
    #expect(call.phone.isSettled(now: call.now))
  }

  @Test func theFarEndHangsUp() {
    var call = GatewayDouble()
    call.command { $0.answer($1, sdp: GatewayDouble.description(), now: $2) }
    call.command { $0.hangUp($1, reason: .q850(16, "normal clearing"), now: $2) }
    #expect(call.phoneEvents.last == .ended(.answered(endedBy: .far), reason: "normal clearing"))
    #expect(call.phone.isSettled(now: call.now))
  }

  @Test(arguments: [
    (486, 17, CallFailure.Kind.busy), (480, 19, .noAnswer), (404, 1, .notFound), (403, 21, .refused), (503, 34, .allLinesBusy),
    (503, 42, .congestion), (484, 28, .badNumber), (488, 65, .failed),
  ])
  func aRefusalSaysWhy(status: Int, cause: Int, kind: CallFailure.Kind) {
    var call = GatewayDouble()
    call.command { $0.reject($1, status: status, reason: .q850(cause, "why"), now: $2) }
    #expect(call.outcome == .failed(CallFailure(kind, status: status, causeQ850: cause, text: "why")))
    #expect(call.phone.isSettled(now: call.now))
  }

  @Test func thePasswordLetsTheCallIn() {
    var configuration = PhoneConfiguration.test
    configuration.user = "alice"
    configuration.password = "secret"
    let call = GatewayDouble(configuration, accounts: [SIPAccount(user: "alice", password: "secret")])
    #expect(call.invite?.identity == .account("alice"))
  }

  @Test(arguments: [nil, "wrong"]) func withoutTheRightPasswordTheCallIsRefused(password: String?) throws {
    var configuration = PhoneConfiguration.test
    configuration.user = "alice"
    configuration.password = password
    let call = GatewayDouble(configuration, accounts: [SIPAccount(user: "alice", password: "secret")])
    #expect(call.invite == nil)
    guard case .failed(let failure) = call.outcome else { throw Missing() }
    #expect(failure.kind == .refused)
    #expect(!call.phoneEvents.contains(.dialling))
  }

  @Test func aSilentGatewayIsUnreachableAfterSixSeconds() {
    var call = GatewayDouble(isDeaf: true)
    call.run(until: .milliseconds(5_999))
    #expect(call.outcome == nil)
    call.run(until: .seconds(6))
    #expect(call.outcome == .failed(CallFailure(.unreachable, text: "nothing answers there")))
    #expect(call.phone.isSettled(now: call.now))
  }

  @Test func whatCannotBeSentEndsTheCallAtOnce() {
    var call = GatewayDouble(isDeaf: true)
    let request = SIPRequest(method: .invite, uri: SIPURI(host: "192.0.2.1"))
    call.phone.transmitFailed(.request(request), to: .address(.tcp, GatewayDouble.gatewayAddress), reason: "connection refused", now: .zero)
    call.settle()
    #expect(call.outcome == .failed(CallFailure(.unreachable, text: "connection refused")))
  }

  @Test func givingUpWhileItRingsCancels() throws {
    var call = GatewayDouble()
    call.command { $0.progress($1, status: 180, sdp: nil, now: $2) }
    call.phone.hangUp(now: call.now)
    #expect(!call.phone.isSettled(now: call.now))
    call.settle()
    #expect(call.gatewayEnd == .cancelled(nil))
    guard case .failed(let failure) = call.outcome else { throw Missing() }
    #expect(failure.kind == .cancelled)
    #expect(call.phone.isSettled(now: call.now))
  }

  @Test func aGatewayThatIsGoneIsNotWaitedForLong() {
    var call = GatewayDouble()
    call.command { $0.answer($1, sdp: GatewayDouble.description(), now: $2) }
    call.isDeaf = true
    call.phone.hangUp(now: call.now)
    call.settle()
    #expect(call.outcome == .answered(endedBy: .here))
    #expect(!call.phone.isSettled(now: .milliseconds(1_999)))
    #expect(call.phone.isSettled(now: .seconds(2)))
  }

  @Test func theGatewayHolds() {
    var call = GatewayDouble()
    call.command { $0.answer($1, sdp: GatewayDouble.description(), now: $2) }
    call.command { $0.offer($1, sdp: GatewayDouble.description(direction: "sendonly"), now: $2) }
    #expect(call.media.last?.audio.direction == .receiveOnly)
    #expect(call.gatewayEvents.contains { if case .offerAnswered = $0 { true } else { false } })
  }

  @Test func keysGoAsInfoWhereNoEventsAreTaken() {
    var configuration = PhoneConfiguration.test
    configuration.keys = "15#"
    var call = GatewayDouble(configuration)
    call.command { $0.answer($1, sdp: GatewayDouble.description(telephoneEvents: false), now: $2) }
    call.run(until: .seconds(3))
    #expect(call.infos.map { $0.prefix(8) } == ["Signal=1", "Signal=5", "Signal=#"])
  }

  @Test func keysDoNotGoAsInfoWhereEventsAreTaken() {
    var configuration = PhoneConfiguration.test
    configuration.keys = "15#"
    var call = GatewayDouble(configuration)
    call.command { $0.answer($1, sdp: GatewayDouble.description(), now: $2) }
    call.run(until: .seconds(3))
    #expect(call.infos.isEmpty)
  }

  @Test func anAnswerWithoutAudioFails() throws {
    var call = GatewayDouble()
    call.command { $0.answer($1, sdp: Array("v=0\r\n".utf8), now: $2) }
    guard case .failed(let failure) = call.outcome else { throw Missing() }
    #expect(failure.kind == .failed)
    #expect(call.gatewayEnd == .bye(nil))
  }
}

struct Missing: Error {}
