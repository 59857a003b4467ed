import Phone
import Testing

@Suite struct CallOutcomeTests {
  @Test(arguments: [
    (503, nil, CallFailure.Kind.failed), (503, 41, .congestion), (600, nil, .busy), (603, 21, .refused), (408, nil, .noAnswer),
    (604, nil, .notFound), (401, nil, .refused), (500, nil, .failed),
  ])
  func statusesWithoutTheirUsualCause(status: Int, cause: Int?, kind: CallFailure.Kind) {
    let failure = CallFailure(status: status, phrase: "phrase", causeQ850: cause, causeText: nil)
    #expect(failure.kind == kind)
    #expect(failure.text == "phrase")
  }

  @Test func onlyAnsweredIsAnswered() {
    #expect(CallOutcome.answered(endedBy: .lost).wasAnswered)
    #expect(!CallOutcome.failed(CallFailure(.busy, text: "busy")).wasAnswered)
  }

  @Test func lossOfNothingIsNone() {
    var figures = PhoneStatistics()
    #expect(figures.lossFraction == 0)
    #expect(figures.delayMilliseconds == nil)
    figures.packetsReceived = 90
    figures.packetsLost = 10
    figures.bufferMilliseconds = 12
    figures.roundTripMilliseconds = 8
    #expect(figures.lossFraction == 0.1)
    #expect(figures.delayMilliseconds == 36)
  }

  @Test func portsFollowTheTransport() {
    #expect(PhoneConfiguration(host: "::1", transport: .tls, number: "1").gateway == "[::1]:5061")
    #expect(PhoneConfiguration(host: "pbx", number: "1").gateway == "pbx:5060")
  }
}
