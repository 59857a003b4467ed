extension GatewayConfiguration {
  /// Packet audio.
  package struct Media: Sendable, Equatable {
    /// Numeric address that RTP is received on; the default is 127.0.0.1.
    package var address: String = "127.0.0.1"
    /// UDP ports for RTP (even) and RTCP (odd); the default is 16384 to 17383.
    package var ports: ClosedRange<UInt16> = 16384...17383
    /// Keys are said over TLS only; the default is `offered`.
    package var srtp: SRTP = .offered
    /// In order of preference; the default is PCMU, PCMA, opus, G722.
    package var codecs: [Codec] = [.pcmu, .pcma, .opus, .g722]
    /// What the line hears while the other side holds the call; the default is comfort noise.
    package var hold: Hold = .comfortNoise

    package init() {}
  }

  package enum SRTP: String, Sendable, CaseIterable {
    /// Plain RTP.
    case off
    /// Secure where the peer can and the signalling is TLS, else plain.
    case offered
    /// No plain call: calls over UDP and TCP are refused.
    case required
  }

  package enum Codec: String, Sendable, CaseIterable {
    case pcmu = "PCMU"
    case pcma = "PCMA"
    case opus
    case g722 = "G722"
  }

  package enum Hold: Sendable, Equatable {
    case comfortNoise
    /// Path of a WAV file, played again and again.
    case file(String)
  }
}
