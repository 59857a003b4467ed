/// What is wrong with a header field of a message.
package struct SIPHeaderError: Error, Hashable, Sendable {
  package enum Problem: Hashable, Sendable {
    case missing
    /// More than one where only one may stand.
    case repeated
    case syntax(SIPSyntaxError)
  }

  package var header: HeaderName
  package var problem: Problem

  package init(_ header: HeaderName, _ problem: Problem) {
    self.header = header
    self.problem = problem
  }

  /// A reason phrase for a 400 response; free of what the peer sent.
  package var reasonPhrase: String {
    switch problem {
    case .missing: "Missing \(header.text)"
    case .repeated: "Repeated \(header.text)"
    case .syntax: "Malformed \(header.text)"
    }
  }
}

extension SIPHeaderError: CustomStringConvertible {
  package var description: String {
    switch problem {
    case .missing: "\(header.text): missing, exactly one is needed"
    case .repeated: "\(header.text): more than one, exactly one is allowed"
    case .syntax(let error): "\(header.text): \(error)"
    }
  }
}
