import DSP
import Foundation
import RealTime

/// A generator whose runs repeat.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}

/// One packet on its way.
struct TestPacket {
  var sequence: Int64
  var timestamp: Int64
  var marker = false
  var kind: JitterBufferPayload = .g711(.mu)
  var payload: [UInt8]
  var arrival: MediaTime
}

/// Audio that tests know: words of a voice-like buzz between pauses.
enum TestAudio {
  /// `pause`: the rest of each second is silent after 700 ms.
  static func voice(seconds: Int, pitch: Double = 125, background: Int = 0) -> [Int16] {
    var generator = SeededGenerator(seed: 99)
    return (0..<seconds * 8_000).map { index in
      let time = Double(index) / 8_000
      let within = time.truncatingRemainder(dividingBy: 1)
      let envelope = within < 0.7 ? sin(.pi * within / 0.7) : 0
      var sum = 0.0
      for harmonic in 1...12 { sum += sin(2 * .pi * pitch * Double(harmonic) * time + Double(harmonic)) / Double(harmonic) }
      let noise = background == 0 ? 0 : Int.random(in: -background...background, using: &generator)
      return Int16(4_000 * envelope * sum) + Int16(noise)
    }
  }

  /// What the coder makes of it.
  static func coded(_ samples: [Int16]) -> [Int16] {
    let coder = G711(.mu)
    return samples.map { coder.decode(coder.encode($0)) }
  }

  /// Packets of `milliseconds`, each sent when its last sample has been taken.
  static func packets(_ samples: [Int16], milliseconds: Int = 20, startingAt timestamp: Int64 = 5_000, sequence: Int64 = 100)
    -> [TestPacket]
  {
    let coder = G711(.mu)
    let size = milliseconds * 8
    return (0..<samples.count / size).map { index in
      TestPacket(
        sequence: sequence + Int64(index), timestamp: timestamp + Int64(index * size),
        payload: samples[index * size..<(index + 1) * size].map { coder.encode($0) },
        arrival: .milliseconds(1_000 + (index + 1) * milliseconds))
    }
  }
}

/// Plays packets into a buffer in virtual time.
final class JitterBufferHarness {
  var buffer = JitterBuffer()
  var output: [Int16] = []

  init(configuration: JitterBufferConfiguration = JitterBufferConfiguration()) {
    buffer = JitterBuffer(configuration: configuration)
  }

  @discardableResult
  func insert(_ packet: TestPacket) -> JitterBufferInsertion {
    packet.payload.withUnsafeBytes {
      buffer.insert(
        payload: $0, as: packet.kind, sequence: packet.sequence, timestamp: packet.timestamp, marker: packet.marker, arrival: packet.arrival
      )
    }
  }

  func pull(at now: MediaTime) -> AudioFrame {
    var frame = AudioFrame(repeating: 12_345)
    buffer.pull(into: &frame, now: now)
    output += frame.array
    return frame
  }

  /// Pulls every 10 ms from 1 s on, `partsPerMillion` fast, each late by up to `tickJitter`, until `seconds` have passed.
  func run(_ packets: [TestPacket], seconds: Double, partsPerMillion: Double = 0, phase: Int = 0, tickJitter: Int = 0, seed: UInt64 = 1) {
    var generator = SeededGenerator(seed: seed)
    let ordered = packets.sorted { $0.arrival < $1.arrival }
    var next = 0
    for tick in 0..<Int(seconds * 100) {
      let due = 1_000_000_000 + Double(phase) * 1_000 + Double(tick) * 10_000_000 * (1 - partsPerMillion / 1_000_000)
      let late = tickJitter == 0 ? 0 : Int.random(in: 0...tickJitter, using: &generator) * 1_000
      let now = MediaTime(nanoseconds: Int64(due) + Int64(late))
      while next < ordered.count, ordered[next].arrival <= now {
        insert(ordered[next])
        next += 1
      }
      _ = pull(at: now)
    }
  }

  /// Where `source` lies in the output sample by sample; nil when it is not there whole.
  func find(_ source: ArraySlice<Int16>) -> Int? {
    guard let first = source.firstIndex(where: { $0 != 0 }) else { return nil }
    let wanted = Array(source[first...])
    guard output.count >= wanted.count else { return nil }
    return (0...output.count - wanted.count).first { start in
      output[start] == wanted[0] && output[start..<start + wanted.count].elementsEqual(wanted)
    }.map { $0 - (first - source.startIndex) }
  }
}
