import SIP

/// What parser and validation say of a message.
enum TortureVerdict {
  static func judge(_ result: Result<SIPMessage, SIPParseError>) -> (TortureTable.Expectation, SIPMessage?) {
    switch result {
    case .failure(let error):
      guard let response = error.response(toTag: "t") else { return (.word("drop"), nil) }
      return (.status(response.status), nil)
    case .success(let message):
      switch message {
      case .request(let request):
        switch RequestValidation().check(request) {
        case .ok: return (.word("ok"), message)
        case .respond(let status, _, _): return (.status(status), message)
        case .drop: return (.word("drop"), message)
        }
      case .response(let response):
        return (.word(ResponseValidation.check(response) == .ok ? "ok" : "drop"), message)
      }
    }
  }
}
