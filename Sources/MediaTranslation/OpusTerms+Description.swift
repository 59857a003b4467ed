package import CallControl
package import DSP
package import MediaPath
import RTP
package import SDP

extension PathDescription.Codec {
  package init(_ codec: AudioCodec) {
    switch codec {
    case .pcmu: self = .pcmu
    case .pcma: self = .pcma
    case .g722: self = .g722
    case .opus: self = .opus
    }
  }
}

extension OpusTerms {
  package init(_ description: MediaDescription) {
    self.init(
      packetMilliseconds: description.packetMilliseconds, isVersion6: description.remote.host.contains(":"),
      suite: description.security.map { SRTPSuite($0.suite) }, requestedBitRate: description.opus.maximumAverageBitRate)
    mayCorrectErrors = description.opus.usesErrorCorrection
    suppressesSilence = description.opus.wantsSilenceLeftOut
  }
}
