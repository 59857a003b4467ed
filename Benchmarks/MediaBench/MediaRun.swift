import Foundation
import MediaPath
import Numbering
import RTP
import RealTime
import TelephonyHAL

/// One measurement: so many calls between RTP peers and loop lines.
final class MediaRun {
  private let calls: Int
  private let suite: SRTPSuite?
  /// Of the media thread, µs a call-second; 0 before `measure`.
  private(set) var mediaCost = 0.0
  private let exchange: LoopExchange
  private let driver: LoopDriver
  private let engine: MediaEngine
  private let load: RTPLoad
  private let bytesPerCall: Int

  struct SetUpError: Error, CustomStringConvertible {
    let description: String
  }

  /// `suite`: of SRTP both ways; nil: plain RTP.
  init(calls: Int, detects: Bool, suite: SRTPSuite?) throws {
    self.calls = calls
    self.suite = suite
    exchange = LoopExchange(lines: (1...calls).map { LineID("loop\($0)") }, country: .japan)
    driver = try LoopDriver(exchange: exchange)
    guard let load = RTPLoad(count: calls), let address = MediaAddress(host: "127.0.0.1", port: 0) else {
      throw SetUpError(description: "no sockets for the peers; too few descriptors?")
    }
    self.load = load
    engine = try MediaEngine(configuration: MediaEngineConfiguration(address: address, ports: 20_000...28_999, seed: 1))
    try driver.start()
    try engine.start()
    let before = residentBytes()
    for index in 0..<calls {
      let call = MediaCallID(rawValue: UInt64(index))
      let ports = try engine.open(call)
      load.aim(index, atPort: ports.rtp)
      guard let remote = MediaAddress(host: "127.0.0.1", port: load.port(of: index)) else { continue }
      var description = PathDescription(remote: remote)
      description.telephoneEventPayloadType = 101
      if let suite {
        func key(_ seed: Int) throws -> SRTPMasterKey {
          let octets = (0..<SRTPSuite.keySize + suite.saltSize).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ seed) }
          guard let key = SRTPMasterKey(octets, suite: suite) else { throw SetUpError(description: "no key") }
          return key
        }
        let (one, two) = (try key(2 * index), try key(2 * index + 1))
        description.security = SRTPKeys(suite: suite, send: one, receive: two)
        load.secure(index, keys: SRTPKeys(suite: suite, send: two, receive: one))
      }
      engine.perform(.configure(description), on: call)
      exchange.lines[index].perform(.seize)
      engine.connect(call, to: exchange.lines[index].audio, plan: .plan(of: .japan))
      if detects { engine.perform(.detect([.progressTones, .speech]), on: call) }
      engine.perform(.bridge(.both), on: call)
    }
    bytesPerCall = (residentBytes() - before) / calls
  }

  /// Runs a second to settle, then measures.
  func measure(seconds: Int) -> String {
    run(seconds: 1)
    let clocks = threadClocks()
    let figures = engine.figures[0]
    let sent = load.sent
    let received = load.totalReceived
    run(seconds: seconds)
    let after = threadClocks()
    let end = engine.figures[0]
    func microseconds(_ thread: String) -> Double {
      Double((after[thread] ?? 0) - (clocks[thread] ?? 0)) / 1_000 / Double(seconds * calls)
    }
    func cost(_ thread: String) -> String { String(format: "%.0f", microseconds(thread)) }
    mediaCost = microseconds("media-0")
    let late = "\(end.lateMicrosecondsMedian)/\(end.lateMicrosecondsP99)/\(end.lateMicrosecondsMaximum)"
    let columns: [(String, Int)] = [
      ("\(calls)", 5), (suite?.label ?? "RTP", 9), ("\(seconds)", 8), (cost("media-0"), 16), (cost("loop-lines"), 16),
      ("\(end.ticks - figures.ticks)", 6),
      ("\(end.missedTicks - figures.missedTicks)", 6), (late, 20), (end.isFIFO == true ? "yes" : "no", 5),
      (String(format: "%.1f", Double(bytesPerCall) / 1_024), 8), ("\(load.sent - sent)/\(load.totalReceived - received)", 15),
    ]
    return columns.map { String(repeating: " ", count: max(0, $0.1 - $0.0.count)) + $0.0 }.joined(separator: " ")
  }

  private func run(seconds: Int) {
    let done = DispatchSemaphore(value: 0)
    let load = load
    let thread = Thread {
      load.run(milliseconds: seconds * 1_000)
      done.signal()
    }
    thread.name = "rtp-load"
    thread.start()
    done.wait()
    while engine.nextEvent() != nil {}
  }

  func stop() {
    engine.stop()
    driver.stop()
  }
}
