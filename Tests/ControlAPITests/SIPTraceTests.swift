import ControlAPI
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct SIPTraceTests {
  @Test func messagesAreAskedForByCallAndNumber() async throws {
    try await withServer { _, client, _ in
      let all = try await client.sipTrace(SIPTraceQuery())
      #expect(all == SIPTrace(first: 3, last: 41, messages: [FakeGateway.traced]))
      #expect(try await client.sipTrace(SIPTraceQuery(call: "7")).messages.count == 1)
      #expect(try await client.sipTrace(SIPTraceQuery(callID: "a b@c")).messages.count == 1)
      #expect(try await client.sipTrace(SIPTraceQuery(callID: "other")).messages.isEmpty)
      #expect(try await client.sipTrace(SIPTraceQuery(since: 41)).messages.isEmpty)
      await #expect(throws: ControlClientError.refused(status: 404, message: "there is no call 8")) {
        try await client.sipTrace(SIPTraceQuery(call: "8"))
      }
    }
  }

  @Test func aCaptureComesAsItIs() async throws {
    try await withServer { _, client, _ in
      let file = try await client.sipCapture(SIPTraceQuery(limit: 7))
      #expect(file == Data([0xd4, 0xc3, 7, 0]))
    }
  }

  @Test(arguments: ["since=-1", "since=x", "limit=0", "limit=100001", "callid=7"]) func badQuestions(question: String) async throws {
    try await withServer { _, client, _ in
      do {
        _ = try await client.text("/v1/sip/messages?\(question)")
        Issue.record("\(question) was answered")
      } catch ControlClientError.refused(let status, _) {
        #expect(status == 400)
      }
    }
  }

  @Test func theQuestionAsAPath() {
    #expect(SIPTraceQuery().path("/p") == "/p?limit=1000")
    #expect(SIPTraceQuery(call: "a-1", callID: "x@y&z", since: 5, limit: 2).path("/p") == "/p?call=a-1&call_id=x%40y%26z&since=5&limit=2")
  }
}
