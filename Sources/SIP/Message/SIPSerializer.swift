extension SIPMessage {
  /// The message's bytes; Content-Length is that of the body, whatever the headers say.
  package func serialize() -> [UInt8] {
    switch self {
    case .request(let request): request.serialize()
    case .response(let response): response.serialize()
    }
  }
}

extension SIPRequest {
  package func serialize() -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(headers.serializedSizeEstimate + body.count + 192)
    output.append(text: method.name)
    output.append(0x20)
    uri.write(to: &output)
    output.append(text: " SIP/2.0\r\n")
    headers.write(to: &output, body: body)
    return output
  }
}

extension SIPResponse {
  package func serialize() -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(headers.serializedSizeEstimate + body.count + 128)
    output.append(text: "SIP/2.0 ")
    output.append(decimal: status)
    output.append(0x20)
    for byte in reason.utf8 { output.append(byte == 0x0d || byte == 0x0a ? 0x20 : byte) }
    output.append(0x0d)
    output.append(0x0a)
    headers.write(to: &output, body: body)
    return output
  }
}

extension SIPHeaders {
  var serializedSizeEstimate: Int { text.count + fields.count * 12 }

  func write(to output: inout [UInt8], body: [UInt8]) {
    for field in fields where field.name != .contentLength {
      if field.name == .extension {
        output.append(contentsOf: text[field.nameRange])
      } else {
        output.append(text: field.name.text)
      }
      output.append(0x3a)
      output.append(0x20)
      output.append(contentsOf: text[field.valueRange])
      output.append(0x0d)
      output.append(0x0a)
    }
    output.append(text: "Content-Length: ")
    output.append(decimal: body.count)
    output.append(text: "\r\n\r\n")
    output.append(contentsOf: body)
  }
}
