import CallControl
import Numbering
import SIP
import TelephonyHAL
import Testing

/// Response, Reason and record of every outcome say the same.
@Suite struct OutcomeTests {
  private func outcome(_ number: String, lines: Int = 1, _ change: (inout CallControlConfiguration) -> Void = { _ in }) -> (Rig, Softphone)
  {
    let rig = Rig(lines: lines, change)
    let phone = rig.addSoftphone("bob", port: 5070)
    rig.act(phone) { $0.call(number, $1) }
    rig.run(for: .seconds(100))
    return (rig, phone)
  }

  private func expect(
    _ rig: Rig, _ phone: Softphone, _ cause: CallCause, _ status: Int, _ q850: Int, _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(phone.seen.last == .failed(status, cause: q850), sourceLocation: location)
    guard let record = rig.lastRecord(location) else { return }
    #expect(record.end?.cause == cause, sourceLocation: location)
    #expect(record.end?.cause.q850 == q850, sourceLocation: location)
    #expect(record.end?.cause.status == status, sourceLocation: location)
    #expect(record.end?.evidence.hasPrefix("ended because ") == true, sourceLocation: location)
    #expect(record.state == .ended, sourceLocation: location)
    #expect(record.answeredAt == nil, sourceLocation: location)
    rig.expectAllIsOver(location)
  }

  @Test func tableIsWhatIsPromised() {
    let promised: [(CallCause, Int, Int)] = [
      (.busy, 486, 17), (.unallocatedNumber, 404, 1), (.networkCongestion, 503, 42), (.allLinesBusy, 503, 34), (.noAnswer, 480, 19),
      (.rejectedByRule, 403, 21), (.incompleteNumber, 484, 28), (.mediaNotAcceptable, 488, 65), (.callerGaveUp, 487, 16),
    ]
    for (cause, status, q850) in promised {
      #expect(cause.status == status)
      #expect(cause.q850 == q850)
    }
    for cause in CallCause.allCases {
      #expect((400...699).contains(cause.status))
      #expect((1...127).contains(cause.q850))
      #expect(!cause.text.isEmpty)
    }
  }

  @Test(arguments: [
    ("0333330001", CallCause.busy, 486, 17), ("0333330002", .noAnswer, 480, 19), ("0333330003", .networkCongestion, 503, 42),
    ("0333330004", .unallocatedNumber, 404, 1), ("0399999999", .unallocatedNumber, 404, 1), ("09012345678", .rejectedByRule, 403, 21),
    ("+12125551234", .rejectedByRule, 403, 21), ("033", .incompleteNumber, 484, 28), ("nobody", .incompleteNumber, 484, 28),
  ])
  func outcomes(_ number: String, _ cause: CallCause, _ status: Int, _ q850: Int) {
    let (rig, phone) = outcome(number)
    expect(rig, phone, cause, status, q850)
  }

  @Test func allLinesBusy() {
    let rig = Rig(lines: 1)
    let first = rig.addSoftphone("bob", port: 5070)
    let second = rig.addSoftphone("eve", port: 5071)
    rig.act(first) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(10))
    rig.act(second) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(1))
    expectBusy(rig, second)
    rig.act(first) { $0.hangUp($1) }
    rig.expectAllIsOver()
  }

  private func expectBusy(_ rig: Rig, _ phone: Softphone) {
    #expect(phone.seen.last == .failed(503, cause: 34))
    #expect(rig.lastRecord()?.end?.cause == .allLinesBusy)
  }

  @Test func noLinesAtAll() {
    let (rig, phone) = outcome("0333331234", lines: 0)
    expect(rig, phone, .allLinesBusy, 503, 34)
  }

  @Test func noDialToneOnAnyLine() {
    let rig = Rig(lines: 2)
    for id in rig.lines.keys { rig.lines[id]?.health = .noDialTone }
    let phone = rig.addSoftphone("bob", port: 5070)
    rig.act(phone) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(20))
    let notes = rig.records.last?.notes ?? []
    #expect(notes == ["line1 is suspect: it gave no dial tone within 3 s", "line2 is suspect: it gave no dial tone within 3 s"])
    expect(rig, phone, .noDialTone, 503, 27)
  }

  @Test func videoOnlyIs488() {
    let rig = Rig(lines: 1)
    let phone = rig.addSoftphone("bob", port: 5070)
    let video =
      "v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\nm=video 4000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n"
    rig.act(phone) { $0.call("0333331234", $1, sdp: Array(video.utf8)) }
    rig.run(for: .seconds(1))
    #expect(rig.mediaCommands.isEmpty)
    #expect(rig.commands(to: "line1") == [.hangUp])
    expect(rig, phone, .mediaNotAcceptable, 488, 65)
  }

  @Test func foreignCodecsAre488() {
    let rig = Rig(lines: 1)
    let phone = rig.addSoftphone("bob", port: 5070)
    rig.act(phone) { $0.call("0333331234", $1, sdp: Softphone.sdp($0.address, codecs: "18 101")) }
    rig.run(for: .seconds(1))
    expect(rig, phone, .mediaNotAcceptable, 488, 65)
  }

  @Test func callsPerMinute() {
    let rig = Rig(lines: 4) { $0.outbound.limits.callsPerMinute = 1 }
    let first = rig.addSoftphone("bob", port: 5070)
    let second = rig.addSoftphone("eve", port: 5071)
    rig.act(first) { $0.call("0333331234", $1) }
    rig.act(second) { $0.call("0333331234", $1) }
    #expect(second.seen.last == .failed(503, cause: 42))
    #expect(rig.lastRecord()?.end?.cause == .tooManyCalls)
    rig.act(first) { $0.hangUp($1) }
    rig.expectAllIsOver()
  }

  @Test func minutesPerDayEndTheCallAndRefuseTheNext() {
    let rig = Rig(lines: 1) { $0.outbound.limits.minutesPerDay = 1 }
    let phone = rig.addSoftphone("bob", port: 5070)
    rig.act(phone) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(100))
    #expect(rig.lastRecord()?.end?.cause == .budgetSpent)
    #expect(rig.records.last?.talkTime == .seconds(60))
    #expect(phone.seen.last == .ended(cause: 21))
    rig.act(phone) { $0.call("0333331234", $1) }
    #expect(phone.seen.last == .failed(403, cause: 21))
    #expect(rig.records.last?.end?.cause == .budgetSpent)
    rig.expectAllIsOver()
  }

  // MARK: The call that succeeds

  @Test func answeredCall() {
    let (rig, phone) = outcome("0333331234")
    #expect(
      // The answer went reliably in the 183: the 180 needs none.
      phone.seen == [.provisional(183, hasSDP: true), .provisional(180, hasSDP: false), .answered])
    let running = rig.controller.runningCalls
    #expect(running.count == 1)
    #expect(running.first?.state == .talking)
    #expect(running.first?.answer == .polarityReversal)
    rig.act(phone) { $0.hangUp($1) }
    rig.run(for: .seconds(1))
    let record = rig.lastRecord()
    #expect(record?.number == "+81333331234")
    #expect(record?.line == LineID("line1"))
    #expect(record?.end == EndReason(.normalClearing, by: .caller, because: "the caller's softphone hung up"))
    #expect(record?.media.packetsReceived == 7)
    #expect(rig.controller.counters.answered == 1)
    #expect(rig.controller.counters.failed == 0)
    rig.expectAllIsOver()
  }

  @Test func mediaIsCommandedInOrder() {
    let (rig, phone) = outcome("0333331234")
    rig.act(phone) { $0.hangUp($1) }
    let id = CallID(rawValue: 1)
    let names = rig.mediaCommands.map { command in
      switch command {
      case .open: "open"
      case .configure: "configure"
      case .connect: "connect"
      case .detect: "detect"
      case .dial(_, let digits): "dial \(digits)"
      case .bridge(_, let mode): "bridge \(mode)"
      case .close: "close"
      default: "other"
      }
    }
    #expect(
      names == [
        "open", "configure", "connect", "detect", "detect", "dial 0333331234", "detect", "bridge listen", "detect", "bridge both", "close",
      ])
    #expect(rig.mediaCommands.allSatisfy { $0.call == id })
    guard case .configure(_, let description)? = rig.mediaCommands.first(where: { if case .configure = $0 { true } else { false } }) else {
      Issue.record("never configured")
      return
    }
    #expect(description.remote == MediaEndpoint(host: "192.0.2.10", port: 4000))
    #expect(description.telephoneEventPayloadType == 101)
    #expect(description.signallingSource == "192.0.2.10")
  }

  @Test func telephoneURIs() {
    for uri in ["tel:+81-3-3333-1234", "tel:33331234;phone-context=+813"] {
      let (rig, phone) = outcome(uri)
      #expect(phone.seen.last == .answered, "\(uri)")
      #expect(rig.controller.runningCalls.first?.number == "+81333331234")
    }
  }

  @Test func prefixAndPauseOfTheLine() {
    let rig = Rig(lines: 1) {
      $0.lines[0].dialPrefix = "0"
      $0.lines[0].dialPause = .milliseconds(1000)
    }
    rig.telephones["0,,0333331234"] = .answers(after: .seconds(1))
    let phone = rig.addSoftphone("bob", port: 5070)
    rig.act(phone) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(10))
    #expect(phone.seen.last == .answered)
  }

  @Test func weakEvidenceWhereNoSignalIs() {
    let rig = Rig(lines: 1) { $0.lines[0].capabilities.reportsPolarity = false }
    rig.reversesOnAnswer = false
    let phone = rig.addSoftphone("bob", port: 5070)
    rig.act(phone) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(20))
    #expect(phone.seen.last == .answered)
    #expect(rig.controller.runningCalls.first?.answer == .speech)
  }

  @Test func unauthenticatedAttemptsAreCountedAndOpenNothing() {
    let rig = Rig(lines: 1) { $0.userAgent.trusted = [] }
    let phone = rig.addSoftphone("mallory", port: 5070)
    rig.act(phone) { $0.call("0333331234", $1) }
    rig.run(for: .seconds(1))
    #expect(phone.seen == [.failed(401, cause: nil)] || phone.seen == [.failed(407, cause: nil)])
    #expect(rig.mediaCommands.isEmpty)
    rig.expectAllIsOver()
    #expect(rig.records.isEmpty)
    #expect(rig.controller.counters.attemptsRefused == 1)
    #expect(rig.controller.counters.outbound == 0)
  }
}
