import AudioFile
import DSP
import Foundation
import RealTime

/// One stream through the jitter buffer in virtual time: packets as a schedule says, a pull every 10 ms.
struct JitterRun {
  struct Arrival {
    var packet: Int
    var milliseconds: Double
  }

  struct Result: Encodable {
    var out: String
    /// When the first sample of the output was played, ms after packet 0 was sent.
    var originMs: Double
    var usPerPull: Double
    var received: Int64
    var lost: Int64
    var late: Int64
    var concealedMs: Int64
    var concealments: Int64
    var removedMs: Int64
    var insertedMs: Int64
    var restarts: Int64
    /// Mean over the run of what the buffer says of its own delay and target above the median arrival.
    var delayMs: Double
    var targetMs: Double
    /// The longest stretch of 10 ms frames in which something was made up.
    var longestConcealedMs: Int
    /// When anything was made up, ms after packet 0, one number for each frame.
    var concealedAtMs: [Int]
  }

  static let lead = 500.0
  let source: [Int16]
  let arrivals: [Arrival]
  let packetMilliseconds: Int

  /// `CSV`: packet number and arrival in ms after packet 0's send time, in order of arrival.
  init(source: [Int16], schedule: String, packetMilliseconds: Int = 20) throws {
    self.source = source
    self.packetMilliseconds = packetMilliseconds
    arrivals = try String(contentsOfFile: schedule, encoding: .utf8).split(whereSeparator: \.isNewline).compactMap { line in
      let fields = line.split(separator: ",")
      guard fields.count >= 2, let packet = Int(fields[0]), let time = Double(fields[1]) else { return nil }
      return Arrival(packet: packet, milliseconds: time)
    }
  }

  /// `phase`: of the pulls against packet 0, ms.
  func play(phase: Double, out: String) throws -> Result {
    let coder = G711(.mu)
    let coded = source.map { coder.encode($0) }
    let size = packetMilliseconds * 8
    var buffer = JitterBuffer()
    var heard: [Int16] = []
    var frame = AudioFrame()
    var next = 0
    let last = arrivals.map(\.milliseconds).max() ?? 0
    let end = last + 700
    var time = phase - Self.lead
    var spent = 0.0
    var concealed: Int64 = 0
    var concealedAt: [Int] = []
    var delay = 0.0
    var target = 0.0
    var pulls = 0
    while time < end {
      while next < arrivals.count, arrivals[next].milliseconds <= time {
        let arrival = arrivals[next]
        next += 1
        let start = arrival.packet * size
        guard start >= 0, start + size <= coded.count else { continue }
        coded[start..<start + size].withUnsafeBytes {
          _ = buffer.insert(
            payload: $0, as: .g711(.mu), sequence: Int64(arrival.packet), timestamp: Int64(start), marker: false,
            arrival: virtual(arrival.milliseconds))
        }
      }
      let before = processorSeconds()
      buffer.pull(into: &frame, now: virtual(time))
      spent += processorSeconds() - before
      heard += frame.array
      let now = buffer.statistics
      if now.concealedSamples > concealed, time < last { concealedAt.append(Int(time.rounded())) }
      concealed = now.concealedSamples
      if time > 2_000 {
        delay += Double(now.delayMicroseconds) / 1_000
        target += Double(now.targetMicroseconds) / 1_000
        pulls += 1
      }
      time += 10
    }
    var writer = try WAVWriter(path: out)
    try writer.append(heard)
    try writer.flush()
    let counts = buffer.statistics
    return Result(
      out: out, originMs: phase - Self.lead, usPerPull: spent * 1e6 / Double(max(1, heard.count / 80)), received: counts.received,
      lost: counts.lost, late: counts.late, concealedMs: Int64(concealedAt.count * 10), concealments: counts.concealments,
      removedMs: counts.removedSamples / 8, insertedMs: counts.insertedSamples / 8, restarts: counts.restarts,
      delayMs: delay / Double(max(1, pulls)), targetMs: target / Double(max(1, pulls)),
      longestConcealedMs: Self.longestRun(concealedAt) * 10, concealedAtMs: concealedAt)
  }

  private func virtual(_ milliseconds: Double) -> MediaTime {
    MediaTime(nanoseconds: Int64((milliseconds + 10_000) * 1e6))
  }

  private static func longestRun(_ times: [Int]) -> Int {
    var longest = 0
    var run = 0
    var previous = Int.min / 2
    for time in times {
      run = time - previous <= 11 ? run + 1 : 1
      longest = max(longest, run)
      previous = time
    }
    return longest
  }
}
