import CallControl
import Testing

@Suite struct InfoDigitTests {
  @Test(arguments: [
    ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", InfoDigit(key: "5", milliseconds: 160)),
    ("application/dtmf-relay", "Signal= *\nDuration= 250", InfoDigit(key: "*", milliseconds: 250)),
    ("Application/DTMF-Relay; charset=utf-8", "signal=d\r\n", InfoDigit(key: "D")),
    ("application/dtmf-relay", "Signal=11\r\nDuration=999999\r\n", InfoDigit(key: "#")),
    ("application/dtmf", "7", InfoDigit(key: "7")),
    ("application/dtmf", " # \r\n", InfoDigit(key: "#")),
  ])
  func reads(_ contentType: String, _ body: String, _ expected: InfoDigit) {
    #expect(InfoDigit(contentType: contentType, body: Array(body.utf8)) == expected)
  }

  @Test(arguments: [
    ("application/dtmf-relay", "Duration=160"), ("application/dtmf-relay", "Signal=E"), ("application/dtmf", "55"),
    ("application/dtmf", ""),
    ("text/plain", "5"), ("application/dtmf-relay", "Signal"),
  ])
  func refuses(_ contentType: String, _ body: String) {
    #expect(InfoDigit(contentType: contentType, body: Array(body.utf8)) == nil)
  }

  @Test func writesWhatItReads() {
    let digit = InfoDigit(key: "#", milliseconds: 120)
    #expect(InfoDigit(contentType: InfoDigit.relayType, body: digit.relayBody) == digit)
  }
}
