import Console
import ControlAPI
import Foundation
import Testing

/// Messages between a gateway at 192.0.2.1:5060 and its peers.
private struct Scene {
  var messages: [SIPTraceMessage] = []

  mutating func add(
    _ words: String, at milliseconds: Int, peer: String = "127.0.0.1:40211", sent: Bool = false, cseq: String = "1 INVITE",
    callID: String = "x", transport: String = "udp", more: String = ""
  ) {
    var message = SIPTraceMessage(
      number: messages.count + 1, time: Date(timeIntervalSince1970: 1_700_000_000 + Double(milliseconds) / 1000),
      direction: sent ? .sent : .received, transport: transport, local: "192.0.2.1:5060", remote: peer,
      text: "\(words)\r\nCSeq: \(cseq)\r\nCall-ID: \(callID)\r\n\(more)\r\n")
    message.callId = callID
    message.cseq = cseq
    message.method = cseq.split(separator: " ").last.map(String.init)
    if words.hasPrefix("SIP/2.0 ") {
      message.status = Int(words.dropFirst(8).prefix(3))
      message.reason = String(words.dropFirst(12))
    } else {
      message.requestUri = words.split(separator: " ").dropFirst().first.map(String.init)
    }
    messages.append(message)
  }

  static var call: Scene {
    var scene = Scene()
    let sdp = "Content-Type: application/sdp\r\n\r\nv=0\r\nm=audio 4000 RTP/AVP 0\r\n"
    scene.add("INVITE sip:0333331234@gw SIP/2.0", at: 0, more: "Contact: <sip:bob@127.0.0.1:40211>\r\n" + sdp)
    scene.add("SIP/2.0 100 Trying", at: 1, sent: true)
    scene.add("SIP/2.0 183 Session Progress", at: 812, sent: true, more: "RSeq: 1\r\n" + sdp)
    scene.add("SIP/2.0 200 OK", at: 1_930, sent: true, more: sdp)
    scene.add("SIP/2.0 200 OK", at: 2_430, sent: true, more: sdp)
    scene.add("ACK sip:gw SIP/2.0", at: 2_431, cseq: "1 ACK")
    scene.add("BYE sip:gw SIP/2.0", at: 7_500, cseq: "2 BYE", more: "Reason: Q.850;cause=16;text=\"normal\"\r\n")
    scene.add("SIP/2.0 200 OK", at: 7_501, sent: true, cseq: "2 BYE")
    return scene
  }
}

@Suite struct LadderTests {
  @Test func aCallAtEightyColumns() {
    var ladder = Ladder(width: 80)
    let lines = ladder.add(Scene.call.messages)
    #expect(
      lines == [
        "               bob (udp)                       gateway",
        "            127.0.0.1:40211                192.0.2.1:5060",
        "                   │                              │",
        "   0.000           │────────── INVITE ───────────▶│  1 INVITE  sdp",
        "   0.001           │◀─────── 100 Trying ──────────│  1 INVITE",
        "   0.812           │◀── 183 Session Progress ─────│  1 INVITE  sdp  rseq 1",
        "   1.930           │◀───────── 200 OK ────────────│  1 INVITE  sdp",
        "   2.430           │◀╌╌╌╌╌╌╌╌╌ 200 OK ╌╌╌╌╌╌╌╌╌╌╌╌│  1 INVITE  again  sdp",
        "   2.431           │──────────── ACK ────────────▶│  1 ACK",
        "  +5.1 s           ┊                              ┊",
        "   7.500           │──────────── BYE ────────────▶│  2 BYE  Q.850 16",
        "   7.501           │◀───────── 200 OK ────────────│  2 BYE",
      ])
    #expect(ladder.legend.isEmpty)
  }

  @Test(arguments: [60, 72, 80, 100, 120, 200]) func noLineIsWiderThanTheTerminal(width: Int) {
    for peers in 1...12 {
      var scene = Scene()
      for number in 0..<peers * 3 {
        scene.add(
          "INVITE sip:\(String(repeating: "9", count: 40))@gw SIP/2.0", at: number,
          peer: "[2001:db8::\(number % peers)]:50\(number % peers + 10)",
          sent: number % 2 == 0, callID: "call-\(number % peers)", more: "Refer-To: <sip:someone@example.com>\r\n")
        scene.add(
          "SIP/2.0 486 \(String(repeating: "Busy ", count: 20))", at: number, peer: "[2001:db8::\(number % peers)]:50\(number % peers + 10)"
        )
      }
      var ladder = Ladder(width: width)
      let lines = ladder.add(scene.messages)
      #expect(lines.allSatisfy { $0.count <= width }, "\(peers) peers at \(width): \(lines.map(\.count).max() ?? 0)")
      // Every message has its arrow.
      #expect(lines.filter { $0.contains("▶") || $0.contains("◀") }.count == scene.messages.count)
    }
  }

  @Test func aForkedCallCrossesLifelinesAndTellsDialogsApart() {
    var scene = Scene()
    scene.add("INVITE sip:bob@a SIP/2.0", at: 0, peer: "127.0.0.1:1111", sent: true, callID: "one")
    scene.add("INVITE sip:bob@b SIP/2.0", at: 1, peer: "127.0.0.1:2222", sent: true, callID: "two")
    scene.add("INVITE sip:bob@c SIP/2.0", at: 2, peer: "127.0.0.1:3333", sent: true, callID: "three", transport: "tls")
    var ladder = Ladder(width: 100)
    let lines = ladder.add(scene.messages)
    #expect(lines[0].contains("bob (udp)") && lines[0].contains("gateway") && lines[0].contains("bob (tls)"))
    #expect(lines[3].contains("◀") && lines[3].contains("a  1 INVITE"))
    #expect(lines[5].contains("┼") && lines[5].contains("▶│") && lines[5].contains("c  1 INVITE"))
    #expect(ladder.legend == ["a  Call-ID one", "b  Call-ID two", "c  Call-ID three"])
  }

  @Test func aPeerThatComesLaterBringsANewHeading() {
    var scene = Scene()
    scene.add("OPTIONS sip:gw SIP/2.0", at: 0, cseq: "1 OPTIONS")
    var ladder = Ladder(width: 80, clock: .timeOfDay)
    let first = ladder.add(scene.messages)
    #expect(first.count == 5 && first[3].hasSuffix("a Call-ID x"))
    #expect(ladder.add(scene.messages).last?.contains("again") == true)
    var other = Scene()
    other.add("OPTIONS sip:gw SIP/2.0", at: 50, peer: "127.0.0.1:9", cseq: "1 OPTIONS")
    let lines = ladder.add(other.messages)
    #expect(lines.count == 5 && lines[0].isEmpty && lines[2].contains("127.0.0.1:9"))
    #expect(ladder.add([]).isEmpty)
  }

  @Test func messagesWithTheirText() {
    var ladder = Ladder(width: 80)
    let lines = ladder.add(Array(Scene.call.messages.suffix(1)), withText: true)
    #expect(lines.contains("         │ SIP/2.0 200 OK") && lines.contains("         │ CSeq: 2 BYE"))
    #expect(lines.contains("         ┌ sent 127.0.0.1:40211 udp") && lines.last == "         └")
  }

  @Test func coloursChangeNothingElse() {
    var plain = Ladder(width: 90)
    var coloured = Ladder(width: 90, isColoured: true)
    let lines = coloured.add(Scene.call.messages)
    let stripped = lines.map { $0.replacing(/\u{1B}\[[0-9;]*m/, with: "") }
    #expect(stripped == plain.add(Scene.call.messages))
    #expect(lines[3].contains("\u{1B}[1;34m INVITE \u{1B}[0m") && lines[6].contains("\u{1B}[32m 200 OK \u{1B}[0m"))
    #expect(lines[7].contains("\u{1B}[2m 200 OK \u{1B}[0m"))
  }
}

@Suite struct SIPTraceReportTests {
  @Test func oneLadderForEachDialog() {
    var scene = Scene.call
    scene.add("REGISTER sip:gw SIP/2.0", at: 9_000, peer: "127.0.0.1:7", cseq: "1 REGISTER", callID: "y", more: "Expires: 120\r\n")
    let lines = SIPTraceReport(width: 80).lines(SIPTrace(first: 1, last: 9, messages: scene.messages))
    #expect(lines.filter { $0.contains("  Call-ID ") }.map { $0.suffix(9) } == ["Call-ID x", "Call-ID y"])
    #expect(lines.contains { $0.contains("1 REGISTER  120 s") })
    #expect(!lines.contains("older messages are forgotten (sip.trace_kb)"))
  }

  @Test func aCallWithItsTitle() {
    var call = CallStatus(
      id: "k-1", direction: "outbound", state: "ended", number: "+81333331234", peer: "sip:bob@gw",
      startedAt: Date(timeIntervalSince1970: 1_700_000_000))
    call.account = "bob"
    call.line = "line1"
    call.end = .init(causeQ850: 16, reason: "normal clearing", evidence: "", by: "caller")
    let report = SIPTraceReport(width: 120)
    let lines = report.lines(SIPTrace(first: 5, last: 9, messages: Scene.call.messages), call: call, id: "k-1")
    #expect(lines[0].hasSuffix("call k-1  bob → +81333331234  line1  normal clearing") && lines[1].isEmpty)
    #expect(
      report.lines(SIPTrace(first: 5, last: 9, messages: []), id: "zz") == [
        "no messages of zz are kept: they are forgotten, or there were none"
      ])
    #expect(report.lines(SIPTrace(first: 1, last: 0, messages: [])) == ["no messages yet"])
  }
}
