/// A media type of Content-Type or Accept (RFC 3261 20.1, 20.15); type and subtype in lower case.
package struct MediaType: Hashable, Sendable {
  package var type: String
  package var subtype: String
  package var parameters: SIPParameters

  package init(_ type: String, _ subtype: String, parameters: SIPParameters = SIPParameters()) {
    self.type = type
    self.subtype = subtype
    self.parameters = parameters
  }

  package static let sdp = MediaType("application", "sdp")
  package static let dtmfRelay = MediaType("application", "dtmf-relay")
  package static let dtmf = MediaType("application", "dtmf")
  package static let sipFragment = MediaType("message", "sipfrag", parameters: SIPParameters([SIPParameter("version", "2.0")]))

  /// `type/subtype`.
  package var name: String { "\(type)/\(subtype)" }

  /// True when type and subtype are the same; parameters do not count.
  package func isSame(as other: MediaType) -> Bool {
    type == other.type && subtype == other.subtype
  }

  /// True when this range of Accept (`*/*`, `application/*`, …) takes in the type.
  package func accepts(_ other: MediaType) -> Bool {
    (type == "*" || type == other.type) && (subtype == "*" || subtype == other.subtype)
  }

  static func parse(_ cursor: inout ByteCursor) throws(SIPSyntaxError) -> MediaType {
    cursor.skipBlanks()
    let type = cursor.text(try cursor.takeToken("a media type")).lowercased()
    guard cursor.takeSeparator(0x2f) else { throw cursor.error("'/' after the media type") }
    let subtype = cursor.text(try cursor.takeToken("a media subtype")).lowercased()
    let parameters = try SIPParameters.parseHeaderParameters(&cursor)
    cursor.skipBlanks()
    return MediaType(type, subtype, parameters: parameters)
  }
}

extension MediaType: SIPHeaderValue {
  package func write(to output: inout [UInt8]) {
    output.append(text: type)
    output.append(0x2f)
    output.append(text: subtype)
    parameters.write(to: &output)
  }
}
