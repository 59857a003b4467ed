import RTP
import SDP

extension PhoneStatistics.Security {
  init(_ suite: SRTPSuite) {
    switch suite {
    case .aesCounterMode128HMACSHA1Tag80: self = .counterModeTag80
    case .aesCounterMode128HMACSHA1Tag32: self = .counterModeTag32
    case .aeadAES128GCM: self = .galoisMode
    }
  }
}

extension SRTPKeys {
  /// nil: a key of another length than its suite's, which negotiation does not let through.
  init?(_ keys: NegotiatedKeys) {
    let suite: SRTPSuite =
      switch keys.suite {
      case .aesCounterMode128HMACSHA1Tag80: .aesCounterMode128HMACSHA1Tag80
      case .aesCounterMode128HMACSHA1Tag32: .aesCounterMode128HMACSHA1Tag32
      case .aeadAES128GCM: .aeadAES128GCM
      }
    guard let send = SRTPMasterKey(keys.send.octets, suite: suite), let receive = SRTPMasterKey(keys.receive.octets, suite: suite) else {
      return nil
    }
    self.init(suite: suite, send: send, receive: receive)
  }
}
