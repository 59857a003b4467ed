import CallControl
import Glibc
import LineHarness
import Numbering
import RealTime
import SIP
import TelephonyHAL
import Testing

typealias Phone = SimulatorConfiguration.Phone

enum Numbers {
  static let speaks = "0333331234"
  static let busy = "0333330001"
  static let neverAnswers = "0333330002"
  static let echoes = "0333330003"
  static let unknown = "0333339999"

  /// The telephones of most tests.
  static let phones = [
    Phone(number: speaks, answersAfterMilliseconds: 3_000, says: .tone(1_000)),
    Phone(number: busy, state: .busy),
    Phone(number: neverAnswers, state: .neverAnswers),
    Phone(number: echoes, answersAfterMilliseconds: 1_000, says: .echo),
    Phone(number: "110", answersAfterMilliseconds: 2_000),
  ]
}

extension VirtualWorld {
  /// A world of a country, with what a test changes about it.
  static func make(
    _ country: Country = .japan, lines: Int = 2, phones: [Phone] = Numbers.phones, seed: UInt64 = 1,
    _ change: (inout WorldConfiguration) -> Void = { _ in }
  ) throws -> VirtualWorld {
    var configuration = WorldConfiguration(country: country, lines: lines, phones: phones, seed: seed)
    change(&configuration)
    return try VirtualWorld(configuration)
  }

  /// Nothing of any call is left, once guard times, transactions and the longest timers of an INVITE (timer C, then 64 × T1) have run out.
  func expectNothingLeft(_ location: SourceLocation = #_sourceLocation) {
    run(milliseconds: 225_000)
    let leftovers = leftovers
    #expect(leftovers == [], sourceLocation: location)
  }

  /// Prints what happened on the lines and what became of the calls, for a seed that is looked into.
  func tell() {
    let commands = lineCommands.map { ($0.at, "\($0.line.name) ◀ \($0.item)") }
    let events = lineEvents.map { ($0.at, "\($0.line.name) ▶ \($0.item)") }
    for (at, text) in (commands + events).sorted(by: { $0.0 < $1.0 }) { print("\(at.milliseconds) \(text)") }
    for record in records { print("\(record.id) \(record.direction) \(record.number) \(record.end?.evidence ?? "") \(record.notes)") }
  }

  /// Calls and waits until the telephone has answered and its answer is known.
  func talk(_ number: String, _ phone: VirtualSoftphone, _ location: SourceLocation = #_sourceLocation) throws -> SoftphoneCall {
    let placed = self.call(number, from: phone)
    let call = try #require(placed, sourceLocation: location)
    let isAnswered = run(atMost: 20_000) { _ in call.answeredAt != nil }
    try #require(isAnswered, "\(call.happenings)", sourceLocation: location)
    return call
  }

  /// When a line was told something first, from a time on.
  func command(_ command: LineCommand, after time: MediaTime = .zero) -> MediaTime? {
    lineCommands.first { $0.item == command && $0.at >= time }?.at
  }

  /// When a line told something first, from a time on.
  func event(_ event: LineEvent, after time: MediaTime = .zero) -> MediaTime? {
    lineEvents.first { $0.item == event && $0.at >= time }?.at
  }
}

extension MediaTime {
  /// For messages: ms, with fraction.
  var milliseconds: Double { Double(nanoseconds) / 1_000_000 }
}

/// A variable of the environment; nil: not set.
func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
