/// A SIP server as written in `sip.trunks`: `sip:pbx.example.com`, `sips:192.0.2.7:5061`, `sip:pbx.example.com:5080;transport=tcp`.
package struct ServerURI: Hashable, Sendable {
  package var isSecure: Bool
  /// A name or a numeric address, without brackets.
  package var host: String
  /// Nil: as the name's records say, or the transport's own.
  package var port: UInt16?
  /// Nil: as the name's records say, or UDP; TLS for `sips`.
  package var transport: ListenAddress.Transport?

  package init(host: String, port: UInt16? = nil, transport: ListenAddress.Transport? = nil, isSecure: Bool = false) {
    self.host = host
    self.port = port
    self.transport = transport
    self.isSecure = isSecure
  }

  /// Nil unless `text` is `sip:` or `sips:`, a host and perhaps a port and a transport, and nothing else; also without the scheme.
  package init?(_ text: String) {
    var rest = Substring(text)
    isSecure = false
    for (scheme, isTLS) in [("sip:", false), ("sips:", true)] where rest.lowercased().hasPrefix(scheme) {
      rest = rest.dropFirst(scheme.count)
      isSecure = isTLS
      break
    }
    if let parameters = rest.firstIndex(of: ";") {
      let parts = rest[rest.index(after: parameters)...].split(separator: "=", omittingEmptySubsequences: false)
      guard parts.count == 2, parts[0].lowercased() == "transport", let value = ListenAddress.Transport(rawValue: parts[1].lowercased())
      else { return nil }
      transport = value
      rest = rest[..<parameters]
    }
    let name: Substring
    if rest.first == "[" {
      guard let end = rest.firstIndex(of: "]") else { return nil }
      name = rest[rest.index(after: rest.startIndex)..<end]
      rest = rest[rest.index(after: end)...]
      guard TrustedNetwork.addressBytes(String(name))?.count == 16 else { return nil }
    } else {
      let end = rest.firstIndex(of: ":") ?? rest.endIndex
      name = rest[..<end]
      rest = rest[end...]
      guard !name.isEmpty, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0)) }) else { return nil }
    }
    host = String(name)
    guard !rest.isEmpty else { return }
    guard rest.first == ":", let number = UInt16(rest.dropFirst()), number > 0 else { return nil }
    port = number
  }
}

extension ServerURI: CustomStringConvertible {
  package var description: String {
    (isSecure ? "sips:" : "sip:") + (host.contains(":") ? "[\(host)]" : host) + (port.map { ":\($0)" } ?? "")
      + (transport.map { ";transport=\($0.rawValue)" } ?? "")
  }
}
