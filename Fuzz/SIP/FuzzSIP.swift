// Anything may come by datagram or stream: nothing traps, what is read can be written and read again, and a stream means the same in any
// pieces.

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSIP(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  datagram(bytes)
  let whole = stream(bytes, chunk: max(1, size))
  let pieces = stream(bytes, chunk: 1 + Int(bytes.first ?? 0) % 13)
  require(whole == pieces, "a stream's pieces change what is in it")
  values(bytes)
  return 0
}

private func datagram(_ bytes: [UInt8]) {
  do throws(SIPParseError) {
    let message = try SIPParser.parse(datagram: bytes)
    readAgain(message)
    typed(message.headers)
    _ = message.sessionDescription
    switch message {
    case .request(let request):
      let result = RequestValidation().check(request)
      if let response = SIPResponse(to: request, refusedBy: result, toTag: "fuzz") { readAgain(.response(response)) }
      if result == .ok {
        guard (try? request.headers.topVia()) != nil, (try? request.headers.cseq())?.method == request.method else {
          fatalError("validation let a request pass that lacks what it checks")
        }
      }
    case .response(let response): _ = ResponseValidation.check(response)
    }
  } catch {
    if let response = error.response(toTag: "fuzz") { readAgain(.response(response)) }
  }
}

private func readAgain(_ message: SIPMessage) {
  let written = message.serialize()
  // Long names for short ones, and replaced characters, may grow a message beyond a limit.
  if written.count > 16_000 { return }
  do throws(SIPParseError) {
    var first = message
    var second = try SIPParser.parse(datagram: written)
    first.headers.remove(.contentLength)
    second.headers.remove(.contentLength)
    require(first == second, "what was written is not what was read")
  } catch {
    fatalError("what was written cannot be read: \(error)")
  }
}

private func typed(_ headers: SIPHeaders) {
  for via in (try? headers.vias()) ?? [] { again(via, as: .via) { try? $0.topVia() } }
  for address in [try? headers.from(), try? headers.to()].compactMap({ $0 }) + ((try? headers.contacts().addresses) ?? []) {
    again(address, as: .from) { try? $0.from() }
    _ = (
      address.uri.telephoneSubscriber, address.uri.headerFields.count, address.uri.address, address.expires, address.priorityInThousandths
    )
  }
  if let type = (try? headers.contentType()).flatMap({ $0 }) { again(type, as: .contentType) { (try? $0.contentType()).flatMap { $0 } } }
  for reason in headers.reasons { again(reason, as: .reason) { $0.reasons.first } }
  _ = (try? headers.routes(), try? headers.expires(), try? headers.maxForwards(), headers.tokens(.privacy), headers.tokens(.require))
  for name in [HeaderName.authorization, .proxyAuthorization] {
    for value in headers.all(name) { credentials(value) }
  }
  for value in headers.all(.wwwAuthenticate) { challenge(value) }
}

private func again<Value: SIPHeaderValue & Equatable>(_ value: Value, as name: HeaderName, _ read: (SIPHeaders) -> Value?) {
  var headers = SIPHeaders()
  headers.add(name, value)
  require(read(headers) == value, "a value that was written is not what was read")
}

private func credentials(_ text: String) {
  guard let credentials = DigestCredentials(parsing: text) else { return }
  _ = credentials.expectedResponse(secret: .password("x"), method: "INVITE", body: [])
  require(DigestCredentials(parsing: credentials.wireText) != nil, "credentials that were written cannot be read")
}

private func challenge(_ text: String) {
  guard let challenge = DigestChallenge(parsing: text) else { return }
  require(DigestChallenge(parsing: challenge.wireText) != nil, "a challenge that was written cannot be read")
}

private func values(_ bytes: [UInt8]) {
  let text = String(decoding: bytes, as: UTF8.self)
  credentials(text)
  challenge(text)
  if let uri = try? SIPURI(parsing: text) {
    require((try? SIPURI(parsing: uri.description)) == uri, "a URI that was written is not what was read")
    require(uri.isEquivalent(to: uri), "a URI is not equivalent to itself")
  }
  _ = try? NameAddress(parsing: text)
  let parts = MultipartBody.parts(bytes, boundary: "b")
  require(parts.reduce(0) { $0 + $1.body.count } <= bytes.count, "parts are larger than the whole")
}

private func stream(_ bytes: [UInt8], chunk: Int) -> [String] {
  var framer = SIPStreamFramer()
  var outputs: [String] = []
  var start = 0
  while start < bytes.count {
    let end = min(bytes.count, start + chunk)
    framer.receive(bytes[start..<end])
    start = end
    while let output = framer.next() {
      switch output {
      case .message(let message): outputs.append("message \(message.body.count)")
      case .unparsable(let error): outputs.append("unparsable \(error.code)")
      case .failed(let error): outputs.append("failed \(error.code)")
      case .ping: outputs.append("ping")
      case .unheard: outputs.append("unheard")
      }
    }
  }
  return outputs
}
