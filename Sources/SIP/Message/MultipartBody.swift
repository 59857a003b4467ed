/// Bodies within a body: multipart/mixed and its kind (RFC 2046 5.1, RFC 5621).
package enum MultipartBody {
  package struct Part: Hashable, Sendable {
    package var headers: SIPHeaders
    package var body: [UInt8]
  }

  /// Parts looked at in one body at most.
  package static let partLimit = 16

  /// The parts between the boundaries; none when the body has no such boundary.
  ///
  /// A part without an end goes to the body's end.
  package static func parts(_ body: [UInt8], boundary: String) -> [Part] {
    let delimiter = Array("--\(boundary)".utf8)
    guard !boundary.isEmpty, boundary.utf8.count <= 70 else { return [] }
    var parts: [Part] = []
    var start: Int?
    var line = 0
    while line < body.count, parts.count < partLimit {
      let next = body[line...].firstIndex(of: 0x0a).map { $0 + 1 } ?? body.count
      if isDelimiter(body[line..<next], delimiter) {
        if let start { parts.append(part(body[start..<withoutLineEnd(body, line, from: start)])) }
        start = next
        if body[(line + delimiter.count)..<next].starts(with: [0x2d, 0x2d]) { return parts }
      }
      line = next
    }
    if let start, parts.count < partLimit { parts.append(part(body[start...])) }
    return parts
  }

  /// The boundary itself, then nothing but blanks, or `--` for the last one.
  private static func isDelimiter(_ line: ArraySlice<UInt8>, _ delimiter: [UInt8]) -> Bool {
    guard line.starts(with: delimiter) else { return false }
    var rest = line.dropFirst(delimiter.count)
    if rest.starts(with: [0x2d, 0x2d]) { rest = rest.dropFirst(2) }
    return rest.trimmingBlanks.isEmpty
  }

  /// The line end before a boundary belongs to the boundary.
  private static func withoutLineEnd(_ body: [UInt8], _ line: Int, from start: Int) -> Int {
    var end = line
    if end > start, body[end - 1] == 0x0a { end -= 1 }
    if end > start, end < line, body[end - 1] == 0x0d { end -= 1 }
    return end
  }

  private static func part(_ bytes: ArraySlice<UInt8>) -> Part {
    var reader = MessageReader(Array(bytes), SIPParser.Limits())
    let (headers, body) = reader.readPart()
    return Part(headers: headers, body: body)
  }
}

extension SIPHeaders {
  /// The part of a body that has the media type: the body itself, or the first such part of a multipart body; nil when there is none.
  package func body(ofType type: MediaType, in body: [UInt8]) -> [UInt8]? {
    guard !body.isEmpty, let own = (try? contentType()).flatMap({ $0 }) else { return nil }
    if own.isSame(as: type) { return body }
    guard own.type == "multipart", let boundary = own.parameters["boundary"] else { return nil }
    return MultipartBody.parts(body, boundary: boundary).first { part in
      (try? part.headers.contentType()).flatMap { $0 }?.isSame(as: type) ?? false
    }?.body
  }
}

extension SIPRequest {
  /// The session description in the body, alone or within a multipart body; nil when there is none.
  package var sessionDescription: [UInt8]? { headers.body(ofType: .sdp, in: body) }
}

extension SIPResponse {
  /// The session description in the body, alone or within a multipart body; nil when there is none.
  package var sessionDescription: [UInt8]? { headers.body(ofType: .sdp, in: body) }
}

extension SIPMessage {
  /// The session description in the body, alone or within a multipart body; nil when there is none.
  package var sessionDescription: [UInt8]? { headers.body(ofType: .sdp, in: body) }
}
