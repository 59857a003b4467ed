/// A URI as SIP uses it: `sip:` and `sips:` (RFC 3261 19.1), `tel:` (RFC 3966), and any other kept opaque.
package struct SIPURI: Hashable, Sendable {
  package enum Scheme: Hashable, Sendable {
    case sip, sips, tel
    /// Lower case; `host` holds everything after the colon.
    case other(String)

    package var name: String {
      switch self {
      case .sip: "sip"
      case .sips: "sips"
      case .tel: "tel"
      case .other(let name): name
      }
    }
  }

  package var scheme: Scheme
  /// The user part as written, with needless escapes undone; for `tel:` the number with its separators.
  ///
  /// Nil when there is none.
  package var escapedUser: String?
  package var escapedPassword: String?
  /// In lower case, an IPv6 address without brackets; empty for `tel:`; what follows the colon for other schemes.
  package var host: String
  package var port: UInt16?
  package var parameters: SIPParameters
  /// What follows `?`, as written; nil when there is nothing.
  package var escapedHeaders: String?

  /// A `sip:` or `sips:` URI; the user is escaped as needed.
  package init(
    scheme: Scheme = .sip, user: String? = nil, host: String, port: UInt16? = nil, parameters: SIPParameters = SIPParameters()
  ) {
    self.scheme = scheme
    self.escapedUser = user.map { PercentEncoding.encode($0, keeping: .user) }
    self.escapedPassword = nil
    self.host = host
    self.port = port
    self.parameters = parameters
    self.escapedHeaders = nil
  }

  /// A `sip:` URI that reaches an address; a `transport` parameter is written for TCP and TLS.
  package init(user: String? = nil, address: SIPAddress, transport: SIPTransportKind = .udp) {
    self.init(user: user, host: address.host, port: address.port)
    if transport != .udp { parameters["transport"] = transport.uriToken }
  }

  /// A `tel:` URI (RFC 3966).
  package init(telephone number: String, phoneContext: String? = nil) {
    self.init(scheme: .tel, host: "")
    escapedUser = number
    if let phoneContext { parameters["phone-context"] = phoneContext }
  }

  /// Parses a URI that fills the text.
  package init(parsing text: String) throws(SIPSyntaxError) {
    let bytes = Array(text.utf8)
    self = try SIPURI.parse(bytes, 0..<bytes.count, base: 0)
  }

  /// The user part with its escapes undone.
  package var user: String? {
    get { escapedUser.map { PercentEncoding.decode($0) } }
    set { escapedUser = newValue.map { PercentEncoding.encode($0, keeping: .user) } }
  }

  package var isSIP: Bool { scheme == .sip || scheme == .sips }

  /// The `transport` parameter when it is one of ours.
  package var transport: SIPTransportKind? { parameters["transport"].flatMap { SIPTransportKind(token: $0) } }

  /// How a request to this URI leaves without a look-up: `sips` and `transport=tls` by TLS, else as asked, else UDP.
  package var transportKind: SIPTransportKind { scheme == .sips ? .tls : transport ?? .udp }

  /// The host and port a request to this URI goes to without a look-up: `maddr` first, the transport's default port (RFC 3263 4).
  package var address: SIPAddress {
    var target = host
    if let maddr = parameters["maddr"], !maddr.isEmpty {
      target = maddr.hasPrefix("[") && maddr.hasSuffix("]") ? String(maddr.dropFirst().dropLast()) : maddr
    }
    return SIPAddress(host: target, port: port ?? transportKind.defaultPort)
  }

  /// True for a user part that is a telephone number (RFC 3261 19.1.6).
  package var isUserPhone: Bool { parameters["user"]?.equalsIgnoringCase("phone") ?? false }

  /// The fields behind `?`, decoded, in order.
  package var headerFields: [(name: String, value: String)] {
    guard let escapedHeaders else { return [] }
    return escapedHeaders.split(separator: "&").map { field in
      let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let value = parts.count > 1 ? PercentEncoding.decode(String(parts[1])) : ""
      return (PercentEncoding.decode(String(parts.first ?? "")), value)
    }
  }

  /// The URI as a request line or a To of ours may hold it: no headers, no `method` parameter (RFC 3261 19.1.1).
  package var forRequestLine: SIPURI {
    var result = self
    result.escapedHeaders = nil
    result.parameters.remove("method")
    return result
  }

  /// Equivalence of RFC 3261 19.1.4: host and known parameters ignore case; user, ttl, method, maddr and transport must match in both;
  /// other parameters only where both have them.
  package func isEquivalent(to other: SIPURI) -> Bool {
    guard scheme == other.scheme, escapedUser == other.escapedUser, escapedPassword == other.escapedPassword,
      host.equalsIgnoringCase(other.host), port == other.port, escapedHeaders == other.escapedHeaders
    else { return false }
    for name in ["user", "ttl", "method", "maddr", "transport"] {
      guard SIPURI.agree(parameters[name], other.parameters[name]) else { return false }
    }
    for parameter in parameters.all {
      if let value = parameters[parameter.name], let otherValue = other.parameters[parameter.name],
        !value.equalsIgnoringCase(otherValue)
      {
        return false
      }
    }
    return true
  }

  private static func agree(_ left: String?, _ right: String?) -> Bool {
    switch (left, right) {
    case (nil, nil): true
    case (let left?, let right?): left.equalsIgnoringCase(right)
    default: false
    }
  }
}

extension SIPURI: SIPHeaderValue, CustomStringConvertible {
  package var description: String { wireText }

  package func write(to output: inout [UInt8]) {
    output.append(text: scheme.name)
    output.append(0x3a)
    if let escapedUser {
      output.append(text: escapedUser)
      if let escapedPassword {
        output.append(0x3a)
        output.append(text: escapedPassword)
      }
      if isSIP { output.append(0x40) }
    }
    switch scheme {
    case .sip, .sips: output.append(host: host, port: port)
    case .tel: break
    case .other: output.append(text: host)
    }
    parameters.write(to: &output)
    if let escapedHeaders {
      output.append(0x3f)
      output.append(text: escapedHeaders)
    }
  }
}
