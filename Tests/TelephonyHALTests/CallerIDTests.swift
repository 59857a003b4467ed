import DSP
import RealTime
import TelephonyHAL
import Testing

@Suite struct CallerIDTests {
  static let audible: [CallerID.Format] = [.bell, .etsiFSK, .etsiDTMF, .jpDisplay]

  private func receive(_ audio: [Int16], _ format: CallerID.Format) throws -> [CallerID] {
    let receiver = try #require(CallerIDReceiver(format: format))
    let padded = [Int16](repeating: 0, count: 800) + audio + [Int16](repeating: 0, count: 1_600)
    return stride(from: 0, to: padded.count - 79, by: 80).compactMap { receiver.process(AudioFrame(padded[$0...])) }
  }

  private func attenuated(_ audio: [Int16], to level: Float, noise: Float?) -> [Int16] {
    let gain = (Level.meanSquare(dbm0: level) / Level.meanSquare(dbm0: -14)).squareRoot()
    let amplitude = noise.map { (Level.meanSquare(dbm0: $0) * 3).squareRoot() } ?? 0
    let hiss = whiteNoise(count: audio.count, amplitude: Int16(amplitude))
    return zip(audio, hiss).map { Int16(Float($0) * gain) &+ $1 }
  }

  @Test(arguments: audible, [-8, -14, -26, -38] as [Float])
  func aNumberArrives(format: CallerID.Format, level: Float) throws {
    let audio = CallerIDSender.audio(number: "0312345678", format: format)
    #expect(audio.count > 2_000)
    #expect(try receive(attenuated(audio, to: level, noise: level - 15), format) == [CallerID(number: "0312345678", format: format)])
  }

  @Test(arguments: audible) func absenceArrives(format: CallerID.Format) throws {
    let withheld = CallerIDSender.audio(number: nil, presentation: .withheld, format: format)
    #expect(try receive(withheld, format) == [CallerID(number: nil, presentation: .withheld, format: format)])
    let unavailable = CallerIDSender.audio(number: nil, presentation: .unavailable, format: format)
    #expect(try receive(unavailable, format) == [CallerID(number: nil, presentation: .unavailable, format: format)])
  }

  @Test(arguments: [.bell, .etsiFSK] as [CallerID.Format]) func aNameArrives(format: CallerID.Format) throws {
    let audio = CallerIDSender.audio(number: "5551234567", name: "ALICE", format: format)
    #expect(try receive(audio, format) == [CallerID(number: "5551234567", name: "ALICE", format: format)])
  }

  @Test(arguments: [.bell, .etsiFSK, .jpDisplay] as [CallerID.Format]) func aDamagedMessageGivesNothing(format: CallerID.Format) throws {
    let audio = CallerIDSender.audio(number: "0312345678", format: format)
    var shown: [CallerID] = []
    var damaged = 0
    // A hole of 5 ms (six bits) at each place of the message.
    for start in stride(from: 0, to: audio.count - 400, by: 160) {
      var torn = audio
      for index in start..<(start + 40) { torn[index] = 0 }
      let result = try receive(torn, format)
      if result.isEmpty { damaged += 1 }
      shown += result
    }
    #expect(shown.allSatisfy { $0 == CallerID(number: "0312345678", format: format) })
    #expect(damaged > 5)
  }

  @Test(arguments: audible) func noiseGivesNothing(format: CallerID.Format) throws {
    #expect(try receive(whiteNoise(count: 80_000, amplitude: 3_000), format).isEmpty)
    #expect(try receive(sine(1_300, count: 16_000, dbm0: -14), format).isEmpty)
  }

  @Test func digitsWithoutTheirFrameGiveNothing() throws {
    #expect(CallerIDReceiver(format: .network) == nil)
    var generator = DTMFGenerator()
    _ = generator.enqueue(digits: "0312345678#")
    var audio: [Int16] = []
    var frame = AudioFrame()
    while generator.render(into: &frame) { audio += frame.array }
    #expect(try receive(audio, .etsiDTMF).isEmpty)
  }
}
