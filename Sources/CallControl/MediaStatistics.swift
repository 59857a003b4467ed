package import SDP

/// What a call's media path has counted and measured; nil: not measured.
package struct MediaStatistics: Hashable, Sendable {
  package var codec: AudioCodec?
  /// How packets are protected; nil: they are plain.
  package var security: CryptoSuite?
  package var packetsSent: Int
  package var packetsReceived: Int
  package var packetsLost: Int
  package var packetsLate: Int
  /// Packets from addresses that are not the peer's.
  package var packetsFromStrangers: Int
  /// Packets that the call's key does not protect: injected, torn or plain.
  package var packetsUnauthentic: Int
  /// Authentic packets that came again.
  package var packetsReplayed: Int
  /// RFC 3550 interarrival jitter, ms.
  package var jitterMilliseconds: Double?
  /// Packet network to line, in the gateway: depth of the jitter buffer and what follows, ms.
  package var delayMilliseconds: Double?
  package var concealedMilliseconds: Int
  package var driftPartsPerMillion: Double?
  package var echoReturnLossDecibels: Double?
  package var echoReturnLossEnhancementDecibels: Double?
  /// Level of what comes from the line, dBm0.
  package var levelInDBm0: Double?
  /// Level of what goes to the line, dBm0.
  package var levelOutDBm0: Double?
  /// From the line, beneath speech, dBm0.
  package var noiseInDBm0: Double?
  /// One way, half of the round trip.
  package var networkDelayMilliseconds: Double?
  package var bufferDelayMilliseconds: Double?
  /// Where the jitter buffer aims.
  package var bufferTargetMilliseconds: Double?
  package var lineDelayMilliseconds: Double?
  /// The line's clock against this machine's.
  package var lineDriftPartsPerMillion: Double?
  /// From the line's input to its echo.
  package var echoDelayMilliseconds: Double?
  /// What the telephone hears of the peer.
  package var heard = VoiceFigures()
  /// What the peer's reports tell of its hearing the telephone.
  package var told = VoiceFigures()
  package var toldJitterMilliseconds: Double?
  /// What we make of the peer's hearing the telephone: R, MOS-LQ and MOS-CQ of G.107.
  package var sentRating: Double?
  package var sentListeningScore: Double?
  package var sentConversationalScore: Double?

  /// MOS-CQ of what the telephone hears, 1 to 4.5.
  package var meanOpinionScore: Double? {
    get { heard.conversationalScore }
    set { heard.conversationalScore = newValue }
  }

  package init(
    codec: AudioCodec? = nil, security: CryptoSuite? = nil, packetsSent: Int = 0, packetsReceived: Int = 0, packetsLost: Int = 0,
    packetsLate: Int = 0, packetsFromStrangers: Int = 0, packetsUnauthentic: Int = 0, packetsReplayed: Int = 0,
    jitterMilliseconds: Double? = nil, delayMilliseconds: Double? = nil, concealedMilliseconds: Int = 0,
    driftPartsPerMillion: Double? = nil, echoReturnLossDecibels: Double? = nil, echoReturnLossEnhancementDecibels: Double? = nil,
    levelInDBm0: Double? = nil, levelOutDBm0: Double? = nil, meanOpinionScore: Double? = nil
  ) {
    self.codec = codec
    self.security = security
    self.packetsUnauthentic = packetsUnauthentic
    self.packetsReplayed = packetsReplayed
    self.packetsSent = packetsSent
    self.packetsReceived = packetsReceived
    self.packetsLost = packetsLost
    self.packetsLate = packetsLate
    self.packetsFromStrangers = packetsFromStrangers
    self.jitterMilliseconds = jitterMilliseconds
    self.delayMilliseconds = delayMilliseconds
    self.concealedMilliseconds = concealedMilliseconds
    self.driftPartsPerMillion = driftPartsPerMillion
    self.echoReturnLossDecibels = echoReturnLossDecibels
    self.echoReturnLossEnhancementDecibels = echoReturnLossEnhancementDecibels
    self.levelInDBm0 = levelInDBm0
    self.levelOutDBm0 = levelOutDBm0
    heard.conversationalScore = meanOpinionScore
  }
}
