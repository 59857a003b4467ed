import Console
import ControlAPI
import Foundation
import Phone
import Testing

@Suite struct LiveCallTests {
  private func answered() -> CallStatus {
    var call = CallStatus(id: "7", direction: "outbound", state: "answered", number: "+81333331234", peer: "alice", startedAt: Date())
    call.line = "line1"
    call.answer = .init(evidence: "the exchange reversed the polarity", confidence: 1)
    return call
  }

  private func figures() -> PhoneStatistics {
    var figures = PhoneStatistics()
    figures.codec = .pcmu
    figures.levelSent = -18
    figures.levelHeard = -30
    figures.packetsSent = 100
    figures.packetsReceived = 99
    figures.packetsLost = 1
    figures.bufferMilliseconds = 14
    return figures
  }

  @Test func aCallAsLines() {
    var live = LiveCall(number: "0333331234", gateway: "127.0.0.1:5060 (udp)")
    #expect(live.title == "call to 0333331234 through 127.0.0.1:5060 (udp)")
    #expect(live.take(.dialling, at: 0) == ["dialling"])
    #expect(live.take(.earlyMedia, at: 1) == ["sound before the answer"])
    #expect(live.take(.ringing, at: 2) == ["ringing"])
    #expect(live.take(.answered, at: 3) == ["answered"])
    #expect(live.take(answered()) == ["the gateway took line1", "answered, the gateway says: the exchange reversed the polarity"])
    #expect(live.take(answered()).isEmpty)
    #expect(live.take(.statistics(figures()), at: 4).isEmpty)
    #expect(
      live.take(.statistics(figures()), at: 5)
        == ["sent -18 dBm0, heard -30 dBm0; 100 packets sent, 99 received, 1 lost (1.0 %), delay 34 ms, PCMU"])
    let report = CallReport(outcome: .answered(endedBy: .far), secondsToAnswer: 3, talkSeconds: 9.96, endReason: nil, statistics: figures())
    #expect(live.take(.ended(report), at: 13).first == "the far end hung up after 10.0 s")
  }

  @Test func evidenceIsNotToldBeforeTheAnswer() {
    var live = LiveCall(number: "1", gateway: "g")
    _ = live.take(.dialling, at: 0)
    #expect(live.take(answered()) == ["the gateway took line1"])
    #expect(live.take(.answered, at: 1) == ["answered", "answered, the gateway says: the exchange reversed the polarity"])
  }

  @Test func aCallAsABlock() {
    var live = LiveCall(number: "0333331234", gateway: "g")
    #expect(live.lines(at: 0) == ["call to 0333331234 through g", "  state    calling the gateway"])
    _ = live.take(.ringing, at: 1)
    _ = live.take(.answered, at: 3)
    _ = live.take(answered())
    _ = live.take(.statistics(figures()), at: 7)
    _ = live.take(.digit("5"), at: 7)
    #expect(
      live.lines(at: 70) == [
        "call to 0333331234 through g", "  state    answered, 1:07", "  line     line1", "  because  the exchange reversed the polarity",
        "  sent     ██████████████······  -18 dBm0", "  heard    ██████████··········  -30 dBm0",
        "  network  100 packets sent, 99 received, 1 lost (1.0 %), delay 34 ms, PCMU", "  keys     5",
      ])
  }

  @Test func aFailureSaysWhy() {
    var live = LiveCall(number: "1", gateway: "g")
    let failure = CallFailure(.busy, status: 486, causeQ850: 17, text: "busy")
    let report = CallReport(
      outcome: .failed(failure), secondsToAnswer: nil, talkSeconds: nil, endReason: nil, statistics: PhoneStatistics())
    #expect(live.take(.ended(report), at: 2) == ["busy (SIP 486, Q.850 17)"])
    #expect(CallFailure(.refused, status: 403, text: "rejected by rule").sentence == "refused: rejected by rule (SIP 403)")
    #expect(CallFailure(.unreachable, text: "nothing answers there").sentence == "unreachable: nothing answers there")
  }

  @Test func theSummaryTakesTheGatewaysWord() throws {
    let report = CallReport(outcome: .answered(endedBy: .here), secondsToAnswer: 3, talkSeconds: 9, endReason: nil, statistics: figures())
    let summary = CallSummary(report, number: "1", gateway: answered())
    #expect(summary.outcome == "answered")
    #expect(summary.line == "line1")
    let text = String(decoding: try ControlJSON.encode(summary), as: UTF8.self)
    #expect(text.contains(#""answer_evidence":"the exchange reversed the polarity""#))
    #expect(text.contains(#""delay_ms":34"#))
  }

  @Test func aFailedCallHasItsCodeInTheSummary() throws {
    let failure = CallFailure(.allLinesBusy, status: 503, causeQ850: 34, text: "all lines busy")
    let report = CallReport(
      outcome: .failed(failure), secondsToAnswer: nil, talkSeconds: nil, endReason: nil, statistics: PhoneStatistics())
    let text = String(decoding: try ControlJSON.encode(CallSummary(report, number: "1", gateway: nil)), as: UTF8.self)
    #expect(text.contains(#""outcome":"all_lines_busy""#))
    #expect(text.contains(#""cause_q850":34"#))
  }
}

@Suite struct GatewayLookupTests {
  private let start = Date(timeIntervalSince1970: 1_000)

  private func call(_ id: String, _ number: String, after seconds: Double, direction: String = "outbound", account: String? = nil)
    -> CallStatus
  {
    var call = CallStatus(
      id: id, direction: direction, state: "dialling", number: number, peer: "x", startedAt: start.addingTimeInterval(seconds))
    call.account = account
    return call
  }

  @Test func theNewestCallToTheNumberIsOurs() {
    let calls = [
      call("old", "+81333331234", after: -60), call("other", "+81333330001", after: 1),
      call("in", "+81333331234", after: 2, direction: "inbound"),
      call("theirs", "+81333331234", after: 3, account: "bob"), call("ours", "+81333331234", after: 1, account: "alice"),
    ]
    #expect(GatewayLookup.match(calls, number: "0333331234", account: "alice", since: start)?.id == "ours")
    #expect(GatewayLookup.match(calls, number: "03-3333-1234", account: nil, since: start)?.id == "theirs")
    #expect(GatewayLookup.match(calls, number: "0399999999", account: nil, since: start) == nil)
  }
}
