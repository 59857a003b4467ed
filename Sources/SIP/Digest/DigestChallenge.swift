/// A WWW-Authenticate or Proxy-Authenticate value of scheme Digest (RFC 7616 3.3).
package struct DigestChallenge: Hashable, Sendable {
  package var realm: String
  package var nonce: String
  package var opaque: String?
  package var algorithm: DigestAlgorithm
  /// Empty for an RFC 2069 server.
  package var qualities: [DigestQuality]
  /// True when only the nonce was at fault.
  package var isStale: Bool

  package init(
    realm: String, nonce: String, opaque: String? = nil, algorithm: DigestAlgorithm, qualities: [DigestQuality] = [.auth],
    isStale: Bool = false
  ) {
    self.realm = realm
    self.nonce = nonce
    self.opaque = opaque
    self.algorithm = algorithm
    self.qualities = qualities
    self.isStale = isStale
  }

  /// Parses a field's value; nil for another scheme, an algorithm or a quality that is not ours, or a malformed value.
  package init?(parsing value: String) {
    guard let fields = DigestFields(parsing: value), let realm = fields["realm"], let nonce = fields["nonce"],
      let algorithm = DigestAlgorithm(token: fields["algorithm"] ?? "MD5")
    else { return nil }
    var qualities: [DigestQuality] = []
    if let list = fields["qop"] {
      qualities = list.split(whereSeparator: { $0 == "," || $0 == " " || $0 == "\t" }).compactMap {
        DigestQuality(rawValue: $0.lowercased())
      }
      guard !qualities.isEmpty || list.isEmpty else { return nil }
    }
    self.init(
      realm: realm, nonce: nonce, opaque: fields["opaque"], algorithm: algorithm, qualities: qualities,
      isStale: fields["stale"]?.lowercased() == "true")
  }
}

/// The quality of protection.
package enum DigestQuality: String, Hashable, Sendable {
  case auth
  case authInt = "auth-int"
}

extension DigestChallenge: SIPHeaderValue {
  package func write(to output: inout [UInt8]) {
    output.append(text: "Digest realm=")
    output.append(quoted: realm)
    output.append(text: ", nonce=")
    output.append(quoted: nonce)
    if let opaque {
      output.append(text: ", opaque=")
      output.append(quoted: opaque)
    }
    output.append(text: ", algorithm=\(algorithm.token)")
    if !qualities.isEmpty { output.append(text: ", qop=\"\(qualities.map(\.rawValue).joined(separator: ","))\"") }
    if isStale { output.append(text: ", stale=TRUE") }
  }
}

extension SIPHeaders {
  /// The digest challenges of WWW-Authenticate or Proxy-Authenticate that can be answered, in the server's order.
  package func digestChallenges(_ name: HeaderName) -> [DigestChallenge] {
    all(name).compactMap { DigestChallenge(parsing: $0) }
  }
}

/// The name–value pairs behind `Digest`.
struct DigestFields {
  private var pairs: [(name: String, value: String)] = []

  /// Nil for another scheme or a malformed list.
  init?(parsing value: String) {
    var cursor = ByteCursor(Array(value.utf8))
    cursor.skipBlanks()
    guard let scheme = try? cursor.takeToken("a scheme"), cursor.text(scheme).equalsIgnoringCase("Digest") else { return nil }
    cursor.skipBlanks()
    while !cursor.isAtEnd {
      guard pairs.count < 32, let name = try? cursor.takeToken("a name"), cursor.takeSeparator(0x3d) else { return nil }
      if cursor.peek == 0x22 {
        guard let text = try? cursor.takeQuotedString() else { return nil }
        pairs.append((cursor.text(name), text))
      } else {
        pairs.append((cursor.text(name), cursor.text(cursor.takeWhile(.unquotedDigestValue))))
      }
      cursor.skipBlanks()
      if cursor.isAtEnd { break }
      guard cursor.takeSeparator(0x2c) else { return nil }
    }
  }

  subscript(_ name: String) -> String? {
    pairs.first { $0.name.equalsIgnoringCase(name) }?.value
  }
}

extension ByteSet {
  /// A token, and what peers leave unquoted: a URI or base64, but no comma.
  static let unquotedDigestValue = ByteSet(low: 0xafff_effa_0000_0000, high: 0x47ff_fffe_afff_ffff)
}
