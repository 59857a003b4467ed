/// The fields that every rule asks for, parsed once (RFC 3261 §8.1.1).
struct MessageFields: Sendable {
  var via: Via
  var from: NameAddress
  var to: NameAddress
  var callID: String
  var cseq: CSeq

  init(_ headers: SIPHeaders) throws(SIPHeaderError) {
    via = try headers.topVia()
    from = try headers.from()
    to = try headers.to()
    guard let callID = headers.callID else { throw SIPHeaderError(.callID, .missing) }
    self.callID = callID
    cseq = try headers.cseq()
  }

  var fromTag: String { from.tag ?? "" }
  var toTag: String? { to.tag }
}
