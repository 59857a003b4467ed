/// What a call's path has counted and measured.
package struct PathStatistics: Sendable, BitwiseCopyable {
  package var packetsSent: Int64 = 0
  package var packetsReceived: Int64 = 0
  package var packetsLost: Int64 = 0
  /// Came after their time to be played.
  package var packetsLate: Int64 = 0
  package var packetsDuplicated: Int64 = 0
  /// From addresses that are not the peer's; ignored.
  package var packetsFromStrangers: Int64 = 0
  /// Of a payload type that was not negotiated; ignored.
  package var packetsOfForeignPayload: Int64 = 0
  /// Not RTP or RTCP at all; ignored.
  package var packetsMalformed: Int64 = 0
  /// Not protected by the call's key: injected, torn, or plain where SRTP was agreed on; ignored.
  package var packetsUnauthentic: Int64 = 0
  /// Authentic once, and seen before or too old; ignored.
  package var packetsReplayed: Int64 = 0
  package var reportsSent: Int64 = 0
  package var reportsReceived: Int64 = 0
  package var concealedMilliseconds: Int64 = 0
  /// Frames of 10 ms the path has run.
  package var frames: Int64 = 0
  /// Of these, with playout held fixed, since a fax or modem was heard.
  package var modemFrames: Int64 = 0
  /// Key presses that found the queue toward the line full.
  package var digitsDropped: Int64 = 0
  /// RFC 3550 interarrival jitter, ms.
  package var jitterMilliseconds: Float = 0
  /// Packet network to line: the jitter buffer's depth, ms.
  package var bufferDelayMilliseconds: Float = 0
  /// Frames waiting between path and driver, both ways, ms.
  package var lineDelayMilliseconds: Float = 0
  /// By RTCP; negative before the first report that tells.
  package var roundTripMilliseconds: Float = -1
  /// What the peer reports lost of our packets, 0–1; negative before its first report.
  package var remoteLossFraction: Float = -1
  /// Level of what comes from the line, dBm0.
  package var levelInDBm0: Float = -96
  package var noiseInDBm0: Float = -96
  /// Level of what goes to the line, dBm0.
  package var levelOutDBm0: Float = -96

  // What follows is not a number as long as it is not known.

  /// The peer's clock against the line's, parts per million; positive: the peer is fast.
  package var driftPPM: Float = .nan
  /// The line's clock against this machine's, parts per million; positive: the line is fast.
  package var lineDriftPPM: Float = .nan
  /// By how much the line's echo is below what we play into it, before the canceller, dB.
  package var echoReturnLossDB: Float = .nan
  /// By how much the canceller lowers that echo, dB.
  package var erleDB: Float = .nan
  /// From a sample played to its echo captured, ms.
  package var echoDelayMilliseconds: Float = .nan
  /// What the packet network takes one way: half of the round trip, ms.
  package var networkDelayMilliseconds: Float = .nan
  /// The depth at which the jitter buffer aims, ms.
  package var bufferTargetMilliseconds: Float = .nan
  /// What the packet path costs the listener at the line (RFC 3611, 4.7).
  package var quality = PathQuality()
  /// What the peer tells of the other way in its reports.
  package var remoteQuality = PathQuality()
  /// Jitter of our packets at the peer, by its reports, ms.
  package var remoteJitterMilliseconds: Float = .nan
  /// What we make of the other way, by the same reports and the line: R, MOS-LQ and MOS-CQ of G.107.
  package var sentRating: Float = .nan
  package var sentMosListening: Float = .nan
  package var sentMosConversational: Float = .nan

  @_noLocks
  package init() {}
}
