package import RealTime

// Any sequence of arrivals and pulls: nothing traps, each pull gives what it is asked for, what waits is bounded, and the position moves by steps.

/// Reads an input from its beginning; zeros where it has ended.
private struct Octets {
  let bytes: UnsafeRawBufferPointer
  var index = 0

  var isAtEnd: Bool { index >= bytes.count }

  mutating func octet() -> UInt8 {
    guard index < bytes.count else { return 0 }
    index += 1
    return bytes[index - 1]
  }

  mutating func signed() -> Int64 { Int64(Int8(bitPattern: octet())) }

  mutating func wide() -> Int64 { (0..<8).reduce(0) { value, _ in (value << 8) | Int64(octet()) } }
}

/// The stream so far.
private struct Stream {
  var sequence: Int64 = 1_000
  var timestamp: Int64 = 1 << 32
  var now = MediaTime.seconds(10)
}

/// What libFuzzer calls with each input: operations of an octet and what follows it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJitterBuffer(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  guard let data, size > 0 else { return 0 }
  var input = Octets(bytes: UnsafeRawBufferPointer(start: data, count: size))
  var buffer = JitterBuffer()
  var stream = Stream()
  var pulls = 0
  while !input.isAtEnd {
    let operation = input.octet()
    switch operation & 0x0F {
    case 0...5:
      insert(&buffer, &stream, &input, operation: operation)
    case 6:
      // A packet of a codec with state; its audio may come, or never.
      let samples = Int(input.octet()) * 4
      let verdict = buffer.admit(
        sequence: stream.sequence, timestamp: stream.timestamp, samples: samples, marker: operation & 0x80 != 0, arrival: stream.now)
      let audio = [Int16](repeating: 5_000, count: samples)
      if verdict == .accepted, operation & 0x40 == 0 { audio.withUnsafeBufferPointer { buffer.write($0, at: stream.timestamp) } }
      stream.sequence &+= 1
      stream.timestamp &+= Int64(samples)
    case 7:
      let audio = [Int16](repeating: 5_000, count: Int(input.octet()) * 40)
      let place = operation & 0x80 != 0 ? input.wide() : stream.timestamp &+ input.signed() &* 64
      audio.withUnsafeBufferPointer { buffer.write($0, at: place) }
    case 8:
      switch operation >> 4 {
      case 0: buffer.reset()
      case 1: buffer.isFrozen.toggle()
      case 2: buffer.expectSilence(from: stream.timestamp)
      case 3: buffer.expectSilence(from: input.wide(), meanSquare: Float(input.octet()) * 1_000)
      case 4: stream.timestamp = input.wide()
      case 5: stream.sequence = input.wide()
      case 6: stream.now = MediaTime(nanoseconds: input.wide())
      default: stream.timestamp &+= input.signed() &* 4_000
      }
    default:
      pulls += 1
      guard pulls < 3_000 else { return 0 }
      pull(&buffer, &stream, count: operation & 0x0F == 9 ? 74 + Int(operation >> 4) : 80)
      stream.now = MediaTime(nanoseconds: stream.now.nanoseconds &+ 10_000_000 &+ (operation & 0x0F == 10 ? input.signed() &* 200_000 : 0))
    }
  }
  return 0
}

/// A packet whose place, time and length the input chooses near the stream's.
private func insert(_ buffer: inout JitterBuffer, _ stream: inout Stream, _ input: inout Octets, operation: UInt8) {
  let kinds: [JitterBufferPayload] = [.g711(.mu), .g711(.mu), .g711(.mu), .g711(.a), .comfortNoise, .event]
  let lengths = [160, 80, 240, 480, 960, 37, 0, 1]
  let payload = [UInt8](repeating: operation, count: lengths[Int(operation >> 5)])
  let isStrange = operation & 0x10 != 0
  let arrival = MediaTime(nanoseconds: stream.now.nanoseconds &+ (isStrange ? input.signed() &* 4_000_000 : 0))
  payload.withUnsafeBytes {
    _ = buffer.insert(
      payload: $0, as: kinds[Int(operation & 0x0F)], sequence: stream.sequence &+ (isStrange ? input.signed() : 0),
      timestamp: stream.timestamp &+ (isStrange ? input.signed() &* 37 : 0), marker: isStrange && input.octet() & 1 != 0, arrival: arrival)
  }
  stream.sequence &+= 1
  stream.timestamp &+= Int64(payload.count)
}

private func pull(_ buffer: inout JitterBuffer, _ stream: inout Stream, count: Int) {
  let before = buffer.wanted?.lowerBound
  let played = buffer.statistics.playedSamples
  var frame = PlayoutFrame(count: count)
  buffer.pull(into: &frame, now: stream.now)
  let statistics = buffer.statistics
  require(frame.count == count, "a frame of another length")
  require(statistics.bufferedSamples >= 0 && statistics.bufferedSamples <= JitterBuffer.maximumAhead, "more waits than may")
  let gain = statistics.playedSamples &- played
  require(gain == 0 || gain == Int64(count), "the clock of the playout is broken")
  guard gain > 0, let before, let after = buffer.wanted?.lowerBound else { return }
  let step = after &- before
  require(step >= -160 && step <= Int64(count) + 160, "the position jumped by \(step)")
}
