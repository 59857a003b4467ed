import SIP

extension VirtualNetwork {
  /// A request of the caller within the first call's dialog, made by hand.
  func within(_ method: SIPMethod, cseq: UInt32, _ change: (inout SIPRequest) -> Void = { _ in }) -> SIPRequest {
    var request = SIPRequest(method: method, uri: SIPURI(user: "0333331234", address: Self.address(1)))
    request.headers.add(.via, Via(.udp, sentBy: Self.address(0), branch: "z9hG4bKhand\(method.name)\(cseq)"))
    request.headers.add(.maxForwards, "70")
    let invite = requests(.invite)[0]
    request.headers.copy(.from, from: invite.headers)
    let tagged = wire.compactMap { sent -> SIPHeaders? in
      if case .response(let response) = sent.message, sent.sender == 1, response.headers.toTag != nil { response.headers } else { nil }
    }
    request.headers.copy(.to, from: tagged.first ?? invite.headers)
    request.headers.copy(.callID, from: invite.headers)
    request.headers.add(.cseq, CSeq(cseq, method))
    request.headers.add(.contact, NameAddress(uri: SIPURI(user: "bob", address: Self.address(0))))
    change(&request)
    return request
  }

  /// The last response that agent 1 sent.
  var lastResponse: SIPResponse? {
    for sent in wire.reversed() {
      if case .response(let response) = sent.message, sent.sender == 1 { return response }
    }
    return nil
  }
}

extension SIPRequest {
  mutating func describe(_ sdp: [UInt8]) {
    headers.set(.contentType, MediaType.sdp)
    body = sdp
  }
}

extension SIPResponse {
  mutating func describe(_ sdp: [UInt8]) {
    headers.set(.contentType, MediaType.sdp)
    body = sdp
  }
}
