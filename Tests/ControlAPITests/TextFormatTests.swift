import ControlAPI
import Foundation
import Testing

@Suite struct TextFormatTests {
  @Test func prometheusLabelsAndHelpAreEscaped() {
    let family = MetricFamily("m", .gauge, help: "a\\b\nc", [.init(0.5, [("l", "say \"x\"\n\\")]), .init(.infinity), .init(-3)])
    #expect(PrometheusText.write([family]) == "# HELP m a\\\\b\\nc\n# TYPE m gauge\nm{l=\"say \\\"x\\\"\\n\\\\\"} 0.5\nm +Inf\nm -3\n")
    #expect(PrometheusText.write([MetricFamily("empty", .counter, help: "", [])]) == "")
  }

  @Test func prometheusHistogramsAddUp() {
    var histogram = MetricHistogram(bounds: [1, 2.5])
    for value in [0.5, 1, 2, 3, .nan] { histogram.note(value) }
    let text = PrometheusText.write([MetricFamily("h", .histogram, help: "H.", histogram.samples([("a", "b")]))])
    #expect(
      text == "# HELP h H.\n# TYPE h histogram\nh_bucket{a=\"b\",le=\"1.0\"} 2\nh_bucket{a=\"b\",le=\"2.5\"} 3\n"
        + "h_bucket{a=\"b\",le=\"+Inf\"} 4\nh_sum{a=\"b\"} 6.5\nh_count{a=\"b\"} 4\n")
  }

  @Test func eventsAreCutFromBytesHoweverTheyCome() {
    let text = ": hello\n\nevent: call\ndata: {\"a\":\ndata: 1}\n\r\ndata:x\r\n\r\nevent: none\n\n"
    let expected = [ServerSentEventParser.Event(name: "call", data: "{\"a\":\n1}"), .init(name: "message", data: "x")]
    var whole = ServerSentEventParser()
    #expect(whole.receive(text.utf8) == expected)
    var single = ServerSentEventParser()
    #expect(text.utf8.flatMap { single.receive([$0]) } == expected)
  }

  @Test func timesAreReadWithAndWithoutFractions() throws {
    struct Body: Codable, Equatable { var startedAt: Date }
    for (text, seconds) in [("2023-11-14T22:13:20.250Z", 0.25), ("2023-11-14T22:13:20Z", 0)] {
      let body = try ControlJSON.decode(Body.self, from: Data("{\"started_at\":\"\(text)\"}".utf8))
      #expect(abs(body.startedAt.timeIntervalSince1970 - 1_700_000_000 - seconds) < 0.001)
    }
    #expect(throws: DecodingError.self) { try ControlJSON.decode(Body.self, from: Data("{\"started_at\":\"noon\"}".utf8)) }
  }

  @Test func whatIsEncodedIsDecodedTheSame() throws {
    let phone = SimulatorPhone(
      number: "0", state: "idle",
      calls: [.init(id: 1, line: "line1", direction: "received", state: "ended", beganMs: 5, recording: "h.wav")])
    #expect(try ControlJSON.decode(SimulatorPhone.self, from: ControlJSON.encode(phone)) == phone)
    #expect(try ControlJSON.decode(CallStatus.self, from: ControlJSON.encode(FakeGateway.running)) == FakeGateway.running)
  }
}
