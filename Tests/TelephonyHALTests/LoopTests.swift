import Numbering
import RealTime
import TelephonyHAL
import Testing

@Suite struct LoopTests {
  private func events(_ line: LoopLine) -> [LineEvent] {
    var events: [LineEvent] = []
    while let event = line.nextEvent() { events.append(event) }
    return events
  }

  @Test func itAnswersAtOnceAndLoopsItsAudio() {
    let exchange = LoopExchange(lines: [LineID("loop1"), LineID("loop2")], country: .japan)
    #expect(exchange.step(now: .milliseconds(10)))
    let line = exchange.lines[0]
    #expect(events(line) == [.onHook])
    #expect(line.capabilities.reportsAnswer)
    #expect(!line.capabilities.dialsByTone)
    line.perform(.dial("1"))
    #expect(!exchange.step(now: .milliseconds(20)))
    line.perform(.seize)
    line.perform(.dial("0333331234"))
    #expect(exchange.step(now: .milliseconds(30)))
    #expect(events(line) == [.seized, .answered])
    #expect(events(exchange.lines[1]) == [.onHook])
    line.audio.attach()
    // Two: playing starts with one frame in reserve.
    for _ in 0..<2 { line.audio.play(AudioFrame(repeating: 77)) }
    exchange.step(now: .milliseconds(40))
    #expect(line.audio.nextCaptured()?.captured == AudioFrame(repeating: 77))
    #expect(line.audio.clock == LineClock(samples: 320, time: .milliseconds(40)))
    line.perform(.hangUp)
    #expect(exchange.step(now: .milliseconds(50)))
    #expect(events(line) == [.onHook])
    exchange.step(now: .milliseconds(60))
    #expect(line.audio.nextCaptured() == nil)
  }

  @Test func aThousandLinesAreCheap() {
    let exchange = LoopExchange(lines: (0..<1_000).map { LineID("loop\($0)") }, country: .japan)
    for line in exchange.lines {
      line.perform(.seize)
      line.perform(.dial("1"))
    }
    exchange.step(now: .zero)
    for line in exchange.lines { #expect(events(line).last == .answered) }
    let start = MediaTime.now()
    for step in 1...100 {
      exchange.step(now: .milliseconds(step * 10))
      for line in exchange.lines { _ = line.audio.nextCaptured() }
    }
    print("loop: \(Double((MediaTime.now() - start).nanoseconds) / 100_000) µs a step of 10 ms with 1,000 lines")
    exchange.shutDown()
    for line in exchange.lines { #expect(events(line) == [.onHook]) }
  }

  @Test func itsThreadRuns() throws {
    let driver = try LoopDriver(exchange: LoopExchange(lines: [LineID("loop1")], country: .japan))
    try driver.start()
    let line = try #require(driver.exchange.lines.first)
    line.perform(.seize)
    let deadline = MediaTime.now() + .seconds(10)
    var heard: [LineEvent] = []
    while MediaTime.now() < deadline, heard.last != .seized { heard += events(line) }
    #expect(heard == [.onHook, .seized])
    driver.stop()
    #expect(events(line) == [.onHook])
  }
}
