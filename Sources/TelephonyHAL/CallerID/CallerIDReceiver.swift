import CSpanDSP
import DSP
package import RealTime

// line audio ──▶ automatic gain ──▶ adsi_rx (FSK or DTMF, framing, checksum) ──▶ message ──▶ CallerID
//
// spandsp's FSK receiver is deaf below about -30 dBm0, and what a line loses is not known: hence the gain.

/// Reads who calls from the audio of a line that is on hook (or off hook for Japan's display); 10 ms at a time.
///
/// A message with a wrong checksum, or of an unexpected form, gives nothing. One thread at a time.
package final class CallerIDReceiver {
  private struct Message {
    var count = 0
    var bytes = InlineArray<256, UInt8>(repeating: 0)
  }

  private let format: CallerID.Format
  private let standard: CallerIDStandard
  private let receiver: OpaquePointer
  private let message: UnsafeMutablePointer<Message>
  private var gain = AutomaticGain()

  /// Nil for a format that is not audio.
  package init?(format: CallerID.Format) {
    guard let standard = CallerIDStandard(format) else { return nil }
    self.format = format
    self.standard = standard
    message = .allocate(capacity: 1)
    message.initialize(to: Message())
    guard let receiver = adsi_rx_init(nil, standard.code, Self.keep, UnsafeMutableRawPointer(message)) else {
      message.deallocate()
      return nil
    }
    self.receiver = receiver
  }

  deinit {
    adsi_rx_free(receiver)
    message.deallocate()
  }

  private static let keep: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<UInt8>?, Int32) -> Void = { user, bytes, count in
    guard let user, let bytes, count > 0 else { return }
    let message = user.assumingMemoryBound(to: Message.self)
    guard message.pointee.count == 0 else { return }
    let kept = min(Int(count), 256)
    for index in 0..<kept { message.pointee.bytes[index] = bytes[index] }
    message.pointee.count = kept
  }

  /// Starts anew: a new call rings.
  package func reset() {
    adsi_rx_init(receiver, standard.code, Self.keep, UnsafeMutableRawPointer(message))
    message.pointee.count = 0
    gain = AutomaticGain()
  }

  /// Takes 10 ms; returns the caller ID when its last bit has been heard.
  package func process(_ frame: AudioFrame) -> CallerID? {
    var adjusted = frame
    gain.process(&adjusted)
    withUnsafeBytes(of: &adjusted.samples) { bytes in
      _ = adsi_rx(receiver, bytes.baseAddress?.assumingMemoryBound(to: Int16.self), Int32(AudioFormat.samplesPerFrame))
    }
    guard message.pointee.count > 0 else { return nil }
    let bytes = (0..<message.pointee.count).map { message.pointee.bytes[$0] }
    message.pointee.count = 0
    return format == .etsiDTMF ? readDigits(bytes) : readFields(bytes)
  }

  // MARK: Messages

  private func readFields(_ bytes: [UInt8]) -> CallerID? {
    var callerID = CallerID(number: nil, presentation: .unavailable, format: format)
    var isCallerID = false
    var position: Int32 = -1
    for _ in 0..<16 {
      var type: UInt8 = 0
      var body: UnsafePointer<UInt8>?
      var length: Int32 = 0
      position = adsi_next_field(receiver, bytes, Int32(bytes.count), position, &type, &body, &length)
      if length < 0 { return length == -1 && isCallerID ? callerID : nil }
      if type == standard.header, length == 0 { continue }
      guard let body, length > 0, length <= 64 else { continue }
      let content = UnsafeBufferPointer(start: body, count: Int(length))
      switch type {
      case standard.number:
        guard let number = Self.number(content) else { return nil }
        callerID.number = number
        callerID.presentation = .allowed
        isCallerID = true
      case standard.absence:
        callerID.presentation = content[0] == UInt8(ascii: "P") ? .withheld : .unavailable
        isCallerID = true
      case standard.name ?? 0:
        callerID.name = String(decoding: content.map { $0 & 0x7F }, as: UTF8.self)
      default:
        break
      }
    }
    return isCallerID ? callerID : nil
  }

  /// ETSI EN 300 659-1 annex D: `A<number>#` or `C`, absence `D1#`–`D3#` or `B00C`, `B10C`.
  private func readDigits(_ bytes: [UInt8]) -> CallerID? {
    guard bytes.count >= 3, let first = bytes.first, let last = bytes.last, last == UInt8(ascii: "#") || last == UInt8(ascii: "C") else {
      return nil
    }
    let body = Array(bytes.dropFirst().dropLast())
    switch first {
    case UInt8(ascii: "A"):
      let digits = body.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      guard (3...CallerIDSender.maximumNumber).contains(digits.count), digits.count == body.count else { return nil }
      return CallerID(number: String(decoding: digits, as: UTF8.self), format: format)
    case UInt8(ascii: "D") where last == UInt8(ascii: "#"), UInt8(ascii: "B"):
      let code = String(decoding: body, as: UTF8.self)
      switch code {
      case "1", "10": return CallerID(number: nil, presentation: .withheld, format: format)
      case "2", "3", "00": return CallerID(number: nil, presentation: .unavailable, format: format)
      default: return nil
      }
    default:
      return nil
    }
  }

  private static func number(_ content: UnsafeBufferPointer<UInt8>) -> String? {
    let digits = content.map { $0 & 0x7F }
    guard digits.allSatisfy({ CallerIDSender.isDialable($0) }) else { return nil }
    return String(decoding: digits, as: UTF8.self)
  }
}

/// Brings a weak signal to about -14 dBm0; leaves what is loud enough, and what is only noise, as it is.
private struct AutomaticGain {
  private static let target = Level.meanSquare(dbm0: -14)
  private static let weak = Level.meanSquare(dbm0: -20)
  private static let floor = Level.meanSquare(dbm0: -50)

  private var smoothed: Float = 0

  mutating func process(_ frame: inout AudioFrame) {
    let power = Level.meanSquare(frame)
    smoothed = power > smoothed ? power : smoothed + (power - smoothed) * 0.3
    guard smoothed < Self.weak, smoothed > Self.floor else { return }
    let gain = (Self.target / smoothed).squareRoot()
    for index in 0..<AudioFormat.samplesPerFrame { frame[index] = RealTimeMath.sample(Float(frame[index]) * gain) }
  }
}
