/// A listening address as written in `sip.listen`: `udp://127.0.0.1:5060`, `tls://[::1]:5061`.
package struct ListenAddress: Hashable, Sendable {
  package enum Transport: String, Hashable, Sendable, CaseIterable {
    case udp
    case tcp
    case tls

    /// RFC 3261, 19.1.2.
    package var defaultPort: UInt16 { self == .tls ? 5061 : 5060 }
  }

  package var transport: Transport
  /// A numeric address without brackets, or a host name.
  package var host: String
  /// 0: chosen by the kernel.
  package var port: UInt16

  package init(transport: Transport, host: String, port: UInt16) {
    self.transport = transport
    self.host = host
    self.port = port
  }
}

/// Why a listening address could not be read.
package struct ListenAddressError: Error, Equatable, CustomStringConvertible {
  package let description: String
}

extension ListenAddress: CustomStringConvertible {
  package var description: String {
    "\(transport.rawValue)://\(host.contains(":") ? "[\(host)]" : host):\(port)"
  }

  /// Reads `TRANSPORT://HOST[:PORT]`; an IPv6 address stands in brackets; the port defaults to 5060, for TLS 5061.
  package init(parsing text: String) throws(ListenAddressError) {
    let example = "expected for example udp://127.0.0.1:5060 or tls://[::1]:5061"
    guard let separator = text.firstRange(of: "://") else {
      throw ListenAddressError(description: "bad listen URL \"\(text)\"; \(example)")
    }
    let scheme = String(text[..<separator.lowerBound])
    guard let transport = Transport(rawValue: scheme.lowercased()) else {
      throw ListenAddressError(description: "unknown transport \"\(scheme)\" in \"\(text)\"; allowed: udp, tcp, tls")
    }
    var rest = text[separator.upperBound...]
    let host: Substring
    if rest.first == "[" {
      guard let closing = rest.firstIndex(of: "]") else {
        throw ListenAddressError(description: "missing ] in \"\(text)\"; \(example)")
      }
      host = rest[rest.index(after: rest.startIndex)..<closing]
      rest = rest[rest.index(after: closing)...]
      guard TrustedNetwork.addressBytes(String(host))?.count == 16 else {
        throw ListenAddressError(description: "\"\(host)\" in \"\(text)\" is no IPv6 address; \(example)")
      }
    } else {
      let end = rest.firstIndex(of: ":") ?? rest.endIndex
      host = rest[..<end]
      rest = rest[end...]
      guard !host.isEmpty, host.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-") }) else {
        throw ListenAddressError(description: "bad host in \"\(text)\"; \(example)")
      }
    }
    guard !rest.isEmpty else {
      self.init(transport: transport, host: String(host), port: transport.defaultPort)
      return
    }
    guard rest.first == ":", !rest.dropFirst().isEmpty, let port = UInt16(rest.dropFirst()) else {
      throw ListenAddressError(description: "bad port in \"\(text)\": 0 to 65535; \(example)")
    }
    self.init(transport: transport, host: String(host), port: port)
  }
}
