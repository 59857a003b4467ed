extension SessionDescription {
  /// The description's bytes, lines in the order of RFC 8866 5.
  package func serialize() -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(512)
    output.append(line: 0x76, "0")
    output.append(
      line: 0x6f, "\(origin.username) \(origin.sessionID) \(origin.version) \(SessionDescription.text(origin.connection))")
    output.append(line: 0x73, name)
    for line in information { output.append(line: line.type, line.value) }
    if let connection { output.append(line: 0x63, SessionDescription.text(connection)) }
    for bandwidth in bandwidths { output.append(line: 0x62, bandwidth) }
    for line in times { output.append(line: line.type, line.value) }
    for line in keys { output.append(line: line.type, line.value) }
    for attribute in attributes { output.append(attribute: attribute) }
    for medium in media { medium.write(to: &output) }
    return output
  }

  fileprivate static func text(_ connection: Connection) -> String {
    "\(connection.networkType) \(connection.addressType) \(connection.address)"
  }
}

extension SessionDescription.Media {
  fileprivate func write(to output: inout [UInt8]) {
    let ports = portCount.map { "\(port)/\($0)" } ?? "\(port)"
    output.append(line: 0x6d, "\(kind) \(ports) \(transport) \(formats.joined(separator: " "))")
    for line in title { output.append(line: line.type, line.value) }
    if let connection { output.append(line: 0x63, SessionDescription.text(connection)) }
    for bandwidth in bandwidths { output.append(line: 0x62, bandwidth) }
    for line in keys { output.append(line: line.type, line.value) }
    for attribute in attributes { output.append(attribute: attribute) }
  }
}

extension [UInt8] {
  /// Appends `x=value CRLF`; line ends in the value become spaces.
  fileprivate mutating func append(line type: UInt8, _ value: String) {
    append(type)
    append(0x3d)
    for byte in value.utf8 { append(byte == 0x0a || byte == 0x0d ? 0x20 : byte) }
    append(0x0d)
    append(0x0a)
  }

  fileprivate mutating func append(attribute: SessionDescription.Attribute) {
    append(line: 0x61, attribute.value.map { "\(attribute.name):\($0)" } ?? attribute.name)
  }
}
