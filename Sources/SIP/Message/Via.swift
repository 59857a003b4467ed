/// One Via value (RFC 3261 20.42, RFC 3581).
package struct Via: Hashable, Sendable {
  /// In upper case, as on the wire: `UDP`, `TCP`, `TLS`, `WSS` and others.
  package var transport: String
  /// An IPv6 address stands without brackets.
  package var host: String
  package var port: UInt16?
  package var parameters: SIPParameters

  package init(transport: String, host: String, port: UInt16? = nil, parameters: SIPParameters = SIPParameters()) {
    self.transport = transport
    self.host = host
    self.port = port
    self.parameters = parameters
  }

  /// A Via of ours; asks for symmetric response routing by `rport` (RFC 3581) unless told not to.
  package init(_ kind: SIPTransportKind, sentBy address: SIPAddress, branch: String, rport: Bool = true) {
    self.init(transport: kind.viaToken, host: address.host, port: address.port)
    if rport { parameters.setFlag("rport") }
    parameters.append(SIPParameter("branch", branch))
  }

  /// What makes a branch unique across space and time (RFC 3261 8.1.1.7).
  package static let branchCookie = "z9hG4bK"

  package var transportKind: SIPTransportKind? { SIPTransportKind(token: transport) }

  package var branch: String? {
    get { parameters["branch"] }
    set { parameters["branch"] = newValue }
  }

  /// True when the branch follows RFC 3261; otherwise transactions match as in RFC 2543 (RFC 3261 17.2.3).
  package var hasUniqueBranch: Bool {
    guard let branch else { return false }
    return branch.utf8.count > Via.branchCookie.utf8.count && branch.hasPrefix(Via.branchCookie)
  }

  package var received: String? {
    get {
      // RFC 3261's grammar has no brackets here, but peers write them (RFC 5118 §4.5).
      guard let text = parameters["received"], text.first == "[", text.last == "]" else { return parameters["received"] }
      return String(text.dropFirst().dropLast())
    }
    set { parameters["received"] = newValue }
  }

  /// True when the sender asks for `rport`, filled or not.
  package var asksForRport: Bool { parameters.contains("rport") }

  /// The value of `rport` when it has one.
  package var rport: UInt16? {
    get { parameters["rport"].flatMap { UInt16($0) } }
    set { parameters["rport"] = newValue.map { String($0) } }
  }

  /// The port of sent-by, or the transport's default.
  package var effectivePort: UInt16 { port ?? (transportKind ?? .udp).defaultPort }

  /// Marks where the request truly came from (RFC 3261 18.2.1, RFC 3581 4).
  package mutating func markReceived(from source: SIPAddress) {
    if asksForRport {
      rport = source.port
      received = source.host
    } else if host != source.host, !isSameAddress(source.host) {
      received = source.host
    }
  }

  /// An IPv6 address can be written in many ways.
  private func isSameAddress(_ other: String) -> Bool {
    guard host.utf8.contains(0x3a), let own = IPAddress(host) else { return false }
    return own == IPAddress(other)
  }
}

extension Via: SIPHeaderValue {
  package func write(to output: inout [UInt8]) {
    output.append(text: "SIP/2.0/")
    output.append(text: transport)
    output.append(0x20)
    output.append(host: host, port: port)
    parameters.write(to: &output)
  }
}

extension Via {
  /// Parses at the cursor up to a comma or the end; blanks around it are taken.
  static func parse(_ cursor: inout ByteCursor) throws(SIPSyntaxError) -> Via {
    cursor.skipBlanks()
    let name = cursor.text(try cursor.takeToken("a protocol's name"))
    guard name.equalsIgnoringCase("SIP"), cursor.takeSeparator(0x2f) else { throw cursor.error("SIP/2.0/transport") }
    let version = cursor.text(try cursor.takeToken("a protocol's version"))
    guard version == "2.0", cursor.takeSeparator(0x2f) else { throw cursor.error("SIP/2.0/transport") }
    let transport = cursor.text(try cursor.takeToken("a transport")).uppercased()
    guard cursor.peek?.isBlank == true else { throw cursor.error("a space before sent-by") }
    cursor.skipBlanks()
    let (host, port) = try HostPort.parse(&cursor)
    let parameters = try SIPParameters.parseHeaderParameters(&cursor)
    cursor.skipBlanks()
    guard cursor.isAtEnd || cursor.peek == 0x2c else { throw cursor.error("';', ',' or the end after sent-by") }
    return Via(transport: transport, host: host, port: port, parameters: parameters)
  }
}
