import DSP
import Numbering
import RealTime
import TelephonyHAL

/// An exchange in virtual time with a stand-in for the gateway on each of its lines.
final class ExchangeBench {
  let exchange: SimulatedExchange
  let lines: [GatewayEnd]
  private(set) var now = MediaTime.seconds(1_000)
  let interval: MediaTime

  init(_ configuration: SimulatorConfiguration, lineCount: Int = 1) throws {
    exchange = try SimulatedExchange(configuration: configuration, lines: (1...lineCount).map { LineID("line\($0)") })
    lines = exchange.lines.map { GatewayEnd($0) }
    interval = SimulatedExchangeDriver.interval(drift: configuration.line.driftPartsPerMillion)
  }

  var line: GatewayEnd { lines[0] }

  /// ms of the exchange.
  var elapsed: Int { exchange.elapsed }

  func step() {
    now += interval
    exchange.step(now: now)
    for line in lines { line.step(at: exchange.elapsed) }
  }

  func run(_ milliseconds: Int) {
    for _ in 0..<(milliseconds / 10) { step() }
  }

  /// Steps until the condition holds; false when it does not within the time.
  func run(until condition: () -> Bool, within milliseconds: Int) -> Bool {
    for _ in 0..<(milliseconds / 10) {
      if condition() { return true }
      step()
    }
    return condition()
  }

  /// Steps until the event comes; the time at which it came, or nil.
  @discardableResult
  func wait(for event: LineEvent, within milliseconds: Int, on line: GatewayEnd? = nil) -> Int? {
    let line = line ?? self.line
    let known = line.events.count
    guard run(until: { line.events.dropFirst(known).contains { $0.event == event } }, within: milliseconds) else { return nil }
    return line.events.dropFirst(known).first { $0.event == event }?.at
  }

  /// Seizes the line, waits for dial tone and keys the digits.
  func dial(_ digits: String, on line: GatewayEnd? = nil) {
    let line = line ?? self.line
    line.line.perform(.seize)
    run(600)
    line.key(digits)
    run(digits.count * 160)
  }
}

/// What the media thread and control would do on one line: takes what is captured, plays, keeps events.
final class GatewayEnd {
  let line: SimulatedLine
  private(set) var events: [(at: Int, event: LineEvent)] = []
  /// Everything captured since `forget`.
  private(set) var heard: [Int16] = []
  /// What was played with it.
  private(set) var played: [Int16] = []
  private var queue: [Int16] = []
  private var position = 0
  private var keys = DTMFGenerator()

  init(_ line: SimulatedLine) {
    self.line = line
    line.audio.attach()
  }

  var eventList: [LineEvent] { events.map(\.event) }

  func key(_ digits: String) {
    _ = keys.enqueue(digits: digits)
  }

  /// The DTMF digits in what was heard.
  var digitsHeard: String {
    var detector = DTMFDetector()
    var digits = ""
    for start in stride(from: 0, to: heard.count - 79, by: 80) {
      detector.process(AudioFrame(heard[start..<(start + 80)]))
      while let event = detector.nextEvent() { if case .began(let digit, _) = event { digits.append(digit.character) } }
    }
    return digits
  }

  func stopKeying() {
    keys.clear()
  }

  func say(_ samples: [Int16]) {
    queue = samples
    position = 0
  }

  func forget() {
    heard.removeAll()
    played.removeAll()
    events.removeAll()
  }

  func forgetAudio() {
    heard.removeAll()
    played.removeAll()
  }

  func step(at elapsed: Int) {
    while let event = line.nextEvent() { events.append((elapsed, event)) }
    while let frame = line.audio.nextCaptured() {
      heard.append(contentsOf: frame.captured.array)
      played.append(contentsOf: frame.played.array)
      var next = AudioFrame(queue.dropFirst(position))
      position = min(position + 80, queue.count)
      _ = keys.render(into: &next)
      line.audio.play(next)
    }
  }
}

extension SimulatorConfiguration {
  static let speaking = "0333331234"
  static let busy = "0333330001"
  static let silent = "0333330002"
  static let echoing = "0333330003"

  /// A telephone that sends 1 kHz, one that is busy, one that never answers, one that echoes.
  static func example(
    country: Country = .japan, trunks: Int? = nil, line: Line = .transparent, more phones: [Phone] = []
  ) -> SimulatorConfiguration {
    SimulatorConfiguration(
      country: country, trunks: trunks, line: line,
      phones: [
        Phone(number: speaking, answersAfterMilliseconds: 1_500, says: .tone(1_000)),
        Phone(number: busy, state: .busy),
        Phone(number: silent, state: .neverAnswers),
        Phone(number: echoing, answersAfterMilliseconds: 500, says: .echo),
      ] + phones)
  }
}
