import Glibc
import SwiftASN1
import X509

/// Whom a certificate is for, as SIP reads it (RFC 5922 §7).
struct CertificateNames: Equatable {
  /// Of `sip:` URIs without a user, and DNS names; in lower case.
  private(set) var domains: Set<String> = []
  /// Numeric, as bytes.
  private(set) var addresses: Set<[UInt8]> = []

  /// nil: it cannot be read.
  init?(der: [UInt8]) {
    guard let certificate = try? Certificate(derEncoded: der) else { return nil }
    self.init(certificate)
  }

  init(_ certificate: Certificate) {
    let names = (try? certificate.extensions.subjectAlternativeNames).flatMap { $0 }
    for name in names ?? SubjectAlternativeNames([]) {
      switch name {
      case .dnsName(let domain): domains.insert(domain.lowercased())
      case .uniformResourceIdentifier(let uri): if let domain = Self.domain(ofURI: uri) { domains.insert(domain) }
      case .ipAddress(let octets): addresses.insert(Array(octets.bytes))
      default: break
      }
    }
    // The common name counts only where there is nothing better (RFC 5922 §7.1).
    if domains.isEmpty, addresses.isEmpty { domains = Set(Self.commonNames(certificate)) }
  }

  /// `sip:example.com`; a URI with a user is a person's, and `sips:` is none (RFC 5922 §7.1).
  private static func domain(ofURI uri: String) -> String? {
    let text = uri.lowercased()
    guard text.hasPrefix("sip:"), !text.contains("@") else { return nil }
    return text.dropFirst(4).split(whereSeparator: { ":;?".contains($0) }).first.map { String($0) }
  }

  private static func commonNames(_ certificate: Certificate) -> [String] {
    certificate.subject.flatMap { $0 }.filter { $0.type == .RDNAttributeType.commonName }.map { "\($0.value)".lowercased() }
  }

  /// Names match whole and whatever their case; `*` stands for nothing but itself (RFC 5922 §7.2).
  func includes(_ host: String) -> Bool {
    for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
      var bytes = [UInt8](repeating: 0, count: count)
      if inet_pton(family, host, &bytes) == 1 { return addresses.contains(bytes) }
    }
    var name = host.lowercased()
    if name.hasSuffix(".") { name.removeLast() }
    return domains.contains(name)
  }
}
