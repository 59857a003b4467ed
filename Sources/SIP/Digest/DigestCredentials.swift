/// An Authorization or Proxy-Authorization value of scheme Digest (RFC 7616 3.4); an RFC 2069 one has no quality, cnonce and count.
package struct DigestCredentials: Hashable, Sendable {
  package var username: String
  package var realm: String
  package var nonce: String
  /// The digest-uri as written.
  package var uri: String
  /// Lower-case hexadecimal.
  package var response: String
  package var algorithm: DigestAlgorithm
  package var opaque: String?
  package var quality: DigestQuality?
  package var cnonce: String?
  package var nonceCount: UInt32?

  /// Parses a field's value; nil for another scheme, an algorithm or a quality that is not ours, or a malformed value.
  package init?(parsing value: String) {
    guard let fields = DigestFields(parsing: value), let username = fields["username"], let realm = fields["realm"],
      let nonce = fields["nonce"], let uri = fields["uri"], let response = fields["response"],
      let algorithm = DigestAlgorithm(token: fields["algorithm"] ?? "MD5"),
      // A digest is hexadecimal (RFC 7616 3.4): what is not could not be written back.
      response.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit })
    else { return nil }
    self.init(username: username, realm: realm, nonce: nonce, uri: uri, response: response.lowercased(), algorithm: algorithm)
    opaque = fields["opaque"]
    cnonce = fields["cnonce"]
    if let quality = fields["qop"], !quality.isEmpty {
      guard let known = DigestQuality(rawValue: quality.lowercased()), cnonce != nil,
        let count = fields["nc"].flatMap({ $0.utf8.count <= 8 ? UInt32($0, radix: 16) : nil })
      else { return nil }
      self.quality = known
      nonceCount = count
    }
  }

  init(username: String, realm: String, nonce: String, uri: String, response: String, algorithm: DigestAlgorithm) {
    self.username = username
    self.realm = realm
    self.nonce = nonce
    self.uri = uri
    self.response = response
    self.algorithm = algorithm
  }

  /// Answers the first of the challenges (RFC 8760 2.4: the server's order).
  ///
  /// - Parameter cnonce: fresh for each request; needed when a quality is asked for.
  /// - Parameter nonceCount: 1 for a nonce's first use, then one more each time.
  /// - Returns: nil when no challenge is left that can be answered.
  package init?(
    answering challenges: [DigestChallenge], username: String, secret: DigestSecret, method: SIPMethod, uri: SIPURI, body: [UInt8] = [],
    cnonce: String, nonceCount: UInt32 = 1
  ) {
    for challenge in challenges {
      self.init(
        username: username, realm: challenge.realm, nonce: challenge.nonce, uri: uri.description, response: "",
        algorithm: challenge.algorithm)
      opaque = challenge.opaque
      if !challenge.qualities.isEmpty {
        quality = challenge.qualities.contains(.auth) ? .auth : .authInt
        self.nonceCount = nonceCount
      }
      if quality != nil || algorithm.isSession { self.cnonce = cnonce }
      guard let answer = expectedResponse(secret: secret, method: method.name, body: body) else { continue }
      response = answer
      return
    }
    return nil
  }

  /// The response that the secret leads to (RFC 7616 3.4.1); nil when the secret has no hash of this algorithm.
  package func expectedResponse(secret: DigestSecret, method: String, body: [UInt8]) -> String? {
    guard var secretHash = secret.hash(algorithm, username: username, realm: realm) else { return nil }
    if algorithm.isSession { secretHash = algorithm.hexHash(secretHash, nonce, cnonce ?? "") }
    let requestHash =
      quality == .authInt ? algorithm.hexHash(method, uri, algorithm.hexHash(body)) : algorithm.hexHash(method, uri)
    guard let quality else { return algorithm.hexHash(secretHash, nonce, requestHash) }
    return algorithm.hexHash(secretHash, nonce, countText, cnonce ?? "", quality.rawValue, requestHash)
  }

  private var countText: String {
    let digits = String(nonceCount ?? 0, radix: 16)
    return String(repeating: "0", count: max(0, 8 - digits.utf8.count)) + digits
  }
}

extension DigestCredentials: SIPHeaderValue {
  package func write(to output: inout [UInt8]) {
    output.append(text: "Digest username=")
    output.append(quoted: username)
    output.append(text: ", realm=")
    output.append(quoted: realm)
    output.append(text: ", nonce=")
    output.append(quoted: nonce)
    output.append(text: ", uri=")
    output.append(quoted: uri)
    output.append(text: ", response=\"\(response)\", algorithm=\(algorithm.token)")
    if let cnonce {
      output.append(text: ", cnonce=")
      output.append(quoted: cnonce)
    }
    if let opaque {
      output.append(text: ", opaque=")
      output.append(quoted: opaque)
    }
    if let quality { output.append(text: ", qop=\(quality.rawValue), nc=\(countText)") }
  }
}

extension SIPHeaders {
  /// The credentials for the realm in Authorization or Proxy-Authorization; nil when there are none that can be read.
  package func digestCredentials(_ name: HeaderName, realm: String) -> DigestCredentials? {
    for value in all(name) {
      if let credentials = DigestCredentials(parsing: value), credentials.realm == realm { return credentials }
    }
    return nil
  }
}
