import SIP
import Testing

@Suite struct RequestValidationTests {
  static func request(_ method: SIPMethod = .invite, _ change: (inout SIPRequest) -> Void = { _ in }) -> SIPRequest {
    var request = SIPRequest(method: method, uri: SIPURI(user: "1", host: "h"))
    request.headers.add(.via, Via(.udp, sentBy: SIPAddress(host: "10.0.0.1", port: 5060), branch: "z9hG4bK1"))
    request.headers.add(.from, NameAddress(uri: SIPURI(user: "a", host: "h"), tag: "1"))
    request.headers.add(.to, NameAddress(uri: SIPURI(user: "1", host: "h")))
    request.headers.add(.callID, "c@h")
    request.headers.add(.cseq, CSeq(1, method))
    request.headers.add(.maxForwards, "70")
    change(&request)
    return request
  }

  static func status(_ request: SIPRequest) -> Int? {
    switch RequestValidation().check(request) {
    case .ok: 200
    case .respond(let status, _, _): status
    case .drop: nil
    }
  }

  @Test func aPlainRequestIsRight() {
    #expect(Self.status(Self.request()) == 200)
  }

  @Test(arguments: [HeaderName.via, .from, .to, .callID, .cseq])
  func mandatoryFields(_ name: HeaderName) {
    #expect(Self.status(Self.request { $0.headers.remove(name) }) == 400)
    #expect(Self.status(Self.request(.ack) { $0.headers.remove(name) }) == nil)
    if name != .via { #expect(Self.status(Self.request { $0.headers.add(name, $0.headers[name] ?? "") }) == 400) }
  }

  @Test func rangesAndRepetitions() {
    #expect(Self.status(Self.request { $0.headers[.maxForwards] = "256" }) == 400)
    #expect(Self.status(Self.request { $0.headers[.maxForwards] = "0" }) == 200)
    #expect(Self.status(Self.request { $0.headers.remove(.maxForwards) }) == 200)
    #expect(Self.status(Self.request { $0.headers.add(.maxForwards, "70") }) == 400)
    #expect(Self.status(Self.request { $0.headers[.from] = "<sip:a>;tag=1;tag=2" }) == 400)
    #expect(Self.status(Self.request { $0.headers[.contact] = "<sip:a>, <sip:b>" }) == 400)
    #expect(Self.status(Self.request { $0.headers[.contact] = "*" }) == 400)
    #expect(Self.status(Self.request { $0.headers[.cseq] = "1 BYE" }) == 400)
  }

  @Test func schemesMethodsAndExtensions() {
    #expect(Self.status(Self.request { $0.uri.scheme = .other("http") }) == 416)
    #expect(Self.status(Self.request(.publish)) == 405)
    #expect(Self.status(Self.request(.other("X"))) == 501)
    let required = Self.request { $0.headers.add(.require, "100rel, x") }
    guard case .respond(420, _, let fields) = RequestValidation().check(required) else { return #expect(Bool(false)) }
    #expect(fields == [.init(.unsupported, "100rel, x")])
    #expect(SIPResponse(to: required, refusedBy: RequestValidation().check(required), toTag: "t")?.headers[.unsupported] == "100rel, x")
    var policy = RequestValidation.Policy()
    policy.extensions = ["100REL", "x"]
    #expect(RequestValidation(policy: policy).check(required) == .ok)
    #expect(Self.status(Self.request(.cancel) { $0.headers.add(.require, "x") }) == 200)
  }

  @Test func bodies() {
    let body: (inout SIPRequest) -> Void = { $0.body = [1] }
    #expect(Self.status(Self.request(.invite, body)) == 415)
    func with(_ type: String, _ method: SIPMethod = .invite, _ more: (HeaderName, String)? = nil) -> Int? {
      Self.status(
        Self.request(method) {
          $0.body = [1]
          $0.headers[.contentType] = type
          if let more { $0.headers[more.0] = more.1 }
        })
    }
    #expect(with("application/sdp") == 200 && with("APPLICATION / SDP") == 200 && with("text/plain") == 415)
    #expect(with("multipart/mixed;boundary=x") == 200)
    #expect(with("text/plain", .invite, (.contentDisposition, "render;handling=optional")) == 200)
    #expect(with("application/sdp", .invite, (.contentEncoding, "gzip")) == 415)
    #expect(with("application/dtmf-relay", .info) == 200 && with("application/sdp", .info) == 415)
    #expect(with("nonsense") == 400)
    #expect(Self.status(Self.request { $0.headers[.accept] = "text/plain" }) == 406)
    #expect(Self.status(Self.request { $0.headers[.accept] = "text/plain, application/*" }) == 200)
  }

  @Test func responsesWithTwoViasAreDropped() {
    let request = Self.request()
    #expect(ResponseValidation.check(SIPResponse(to: request, status: 200, toTag: "t")) == .ok)
    var twice = SIPResponse(to: request, status: 200, toTag: "t")
    twice.headers.add(.via, "SIP/2.0/UDP x")
    #expect(ResponseValidation.check(twice) != .ok)
  }
}
