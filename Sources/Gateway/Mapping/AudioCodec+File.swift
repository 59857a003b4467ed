package import ConfigurationFile
package import SDP

extension AudioCodec {
  package init(_ codec: GatewayConfiguration.Codec) {
    switch codec {
    case .pcmu: self = .pcmu
    case .pcma: self = .pcma
    case .opus: self = .opus
    case .g722: self = .g722
    }
  }
}
