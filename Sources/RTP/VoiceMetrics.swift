/// What one receiver tells of a voice stream: the VoIP metrics block of RFC 3611, 4.7; nil where it is not known.
package struct VoiceMetrics: BitwiseCopyable, Sendable, Equatable {
  /// The stream.
  package var source: UInt32
  /// Fractions of 0–1, in 256ths on the wire.
  package var lossFraction: Float = 0
  package var discardFraction: Float = 0
  package var burstDensity: Float = 0
  package var gapDensity: Float = 0
  /// Mean lengths, ms.
  package var burstMilliseconds: Float = 0
  package var gapMilliseconds: Float = 0
  /// Between the two RTP interfaces; 0: not known.
  package var roundTripMilliseconds: Float = 0
  /// Of the terminal that reports, both ways through it; 0: not known.
  package var endSystemDelayMilliseconds: Float = 0
  /// Of the speech received, dBm0.
  package var signalDBm0: Float?
  package var noiseDBm0: Float?
  /// Of the echo sent back, dB.
  package var residualEchoReturnLossDB: Float?
  /// 0–100.
  package var rating: Float?
  package var externalRating: Float?
  /// 1–5.
  package var mosListening: Float?
  package var mosConversational: Float?
  package var receiver = Receiver()
  /// Depth of the jitter buffer, ms: where it aims, where it may go now, where it may ever go.
  package var bufferMilliseconds: Float = 0
  package var bufferMaximumMilliseconds: Float = 0
  package var bufferLimitMilliseconds: Float = 0

  /// How the receiver deals with loss and jitter (4.7.6).
  package struct Receiver: BitwiseCopyable, Sendable, Equatable {
    package enum Concealment: UInt8, BitwiseCopyable, Sendable { case unspecified, disabled, enhanced, standard }
    package enum Buffer: UInt8, BitwiseCopyable, Sendable { case unknown, reserved, fixed, adaptive }

    package var concealment = Concealment.unspecified
    package var buffer = Buffer.unknown
    /// 0–15: how fast the buffer adapts.
    package var adjustmentRate: UInt8 = 0

    @_noLocks
    package init() {}
  }

  @_noLocks
  package init(source: UInt32) {
    self.source = source
  }

  /// Octets of the block, its head included.
  static var octets: Int { @_noLocks get { 36 } }
  static var blockType: UInt8 { @_noLocks get { 7 } }

  // MARK: Reading

  /// Reads a block of `octets` octets.
  @_noLocks
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= Self.octets, bytes[0] == Self.blockType else { return nil }
    self.init(source: NetworkOrder.load32(bytes, at: 4))
    lossFraction = Float(bytes[8]) / 256
    discardFraction = Float(bytes[9]) / 256
    burstDensity = Float(bytes[10]) / 256
    gapDensity = Float(bytes[11]) / 256
    burstMilliseconds = Float(NetworkOrder.load16(bytes, at: 12))
    gapMilliseconds = Float(NetworkOrder.load16(bytes, at: 14))
    roundTripMilliseconds = Float(NetworkOrder.load16(bytes, at: 16))
    endSystemDelayMilliseconds = Float(NetworkOrder.load16(bytes, at: 18))
    signalDBm0 = Self.level(bytes[20])
    noiseDBm0 = Self.level(bytes[21])
    residualEchoReturnLossDB = Self.known(bytes[22])
    rating = Self.known(bytes[24])
    externalRating = Self.known(bytes[25])
    mosListening = Self.score(bytes[26])
    mosConversational = Self.score(bytes[27])
    receiver.concealment = Receiver.Concealment(rawValue: bytes[28] >> 6) ?? .unspecified
    receiver.buffer = Receiver.Buffer(rawValue: bytes[28] >> 4 & 3) ?? .unknown
    receiver.adjustmentRate = bytes[28] & 15
    bufferMilliseconds = Float(NetworkOrder.load16(bytes, at: 30))
    bufferMaximumMilliseconds = Float(NetworkOrder.load16(bytes, at: 32))
    bufferLimitMilliseconds = Float(NetworkOrder.load16(bytes, at: 34))
  }

  /// 127 and what is beyond it: not known.
  @_noLocks
  private static func known(_ octet: UInt8) -> Float? { octet < 127 ? Float(octet) : nil }

  @_noLocks
  private static func level(_ octet: UInt8) -> Float? { octet == 127 ? nil : Float(Int8(bitPattern: octet)) }

  @_noLocks
  private static func score(_ octet: UInt8) -> Float? { octet >= 10 && octet <= 50 ? Float(octet) / 10 : nil }

  // MARK: Writing

  /// Writes the block; the caller has made room for `octets` octets.
  @_noLocks
  func write(into bytes: UnsafeMutableRawBufferPointer, at start: Int) {
    bytes[start] = Self.blockType
    bytes[start &+ 1] = 0
    NetworkOrder.store(UInt16(Self.octets / 4 &- 1), in: bytes, at: start &+ 2)
    NetworkOrder.store(source, in: bytes, at: start &+ 4)
    bytes[start &+ 8] = Self.octet(lossFraction * 256, most: 255)
    bytes[start &+ 9] = Self.octet(discardFraction * 256, most: 255)
    bytes[start &+ 10] = Self.octet(burstDensity * 256, most: 255)
    bytes[start &+ 11] = Self.octet(gapDensity * 256, most: 255)
    Self.put(burstMilliseconds, bytes, start &+ 12)
    Self.put(gapMilliseconds, bytes, start &+ 14)
    Self.put(roundTripMilliseconds, bytes, start &+ 16)
    Self.put(endSystemDelayMilliseconds, bytes, start &+ 18)
    bytes[start &+ 20] = Self.level(signalDBm0)
    bytes[start &+ 21] = Self.level(noiseDBm0)
    bytes[start &+ 22] = Self.known(residualEchoReturnLossDB, most: 126)
    bytes[start &+ 23] = UInt8(truncatingIfNeeded: BurstGapMeter.minimumGap)
    bytes[start &+ 24] = Self.known(rating, most: 100)
    bytes[start &+ 25] = Self.known(externalRating, most: 100)
    bytes[start &+ 26] = Self.score(mosListening)
    bytes[start &+ 27] = Self.score(mosConversational)
    bytes[start &+ 28] = receiver.concealment.rawValue << 6 | receiver.buffer.rawValue << 4 | receiver.adjustmentRate & 15
    bytes[start &+ 29] = 0
    Self.put(bufferMilliseconds, bytes, start &+ 30)
    Self.put(bufferMaximumMilliseconds, bytes, start &+ 32)
    Self.put(bufferLimitMilliseconds, bytes, start &+ 34)
  }

  /// The nearest whole number from 0 to `most`; what is not a number is 0.
  @_noLocks
  private static func octet(_ value: Float, most: Float) -> UInt8 {
    guard value > 0 else { return 0 }
    return UInt8(value < most ? value + 0.5 : most)
  }

  @_noLocks
  private static func known(_ value: Float?, most: Float) -> UInt8 {
    guard let value, value == value else { return 127 }
    return octet(value, most: most)
  }

  @_noLocks
  private static func level(_ value: Float?) -> UInt8 {
    guard let value, value == value else { return 127 }
    if value <= -127 { return UInt8(bitPattern: -127) }
    return UInt8(bitPattern: Int8(value < 30 ? (value < 0 ? value - 0.5 : value + 0.5) : 30))
  }

  @_noLocks
  private static func score(_ value: Float?) -> UInt8 {
    guard let value, value == value else { return 127 }
    let tenths = octet(value * 10, most: 50)
    return tenths < 10 ? 10 : tenths
  }

  @_noLocks
  private static func put(_ value: Float, _ bytes: UnsafeMutableRawBufferPointer, _ offset: Int) {
    let whole: UInt16 = value > 0 ? UInt16(value < 65_535 ? value + 0.5 : 65_535) : 0
    NetworkOrder.store(whole, in: bytes, at: offset)
  }
}
