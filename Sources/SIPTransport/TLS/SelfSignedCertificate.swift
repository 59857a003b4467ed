import Crypto
import Foundation
import SwiftASN1
import X509

/// The certificate a gateway makes for itself when it is given none.
package enum SelfSignedCertificate {
  private static let validDays = 3650.0
  private static let day = 86_400.0

  /// The pair in `directory`, made there if it is missing or ends within 30 days; blocks on the disk.
  ///
  /// - Parameter names: host names and numeric addresses the certificate is for.
  package static func loadOrMake(in directory: String, names: [String]) throws(SIPTransportError) -> TLSIdentity {
    let identity = TLSIdentity(certificatePath: directory + "/tls-certificate.pem", keyPath: directory + "/tls-key.pem")
    if isUsable(identity) { return identity }
    do {
      let (certificate, key) = try make(names: names, from: Date())
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      try write(key, to: identity.keyPath, mode: 0o600)
      try write(certificate, to: identity.certificatePath, mode: 0o644)
    } catch {
      throw SIPTransportError(.certificate, "cannot make a certificate in \(directory): \(error); set sip.tls or gateway.state_directory")
    }
    return identity
  }

  private static func isUsable(_ identity: TLSIdentity) -> Bool {
    guard FileManager.default.isReadableFile(atPath: identity.keyPath),
      let data = FileManager.default.contents(atPath: identity.certificatePath), let text = String(data: data, encoding: .utf8),
      let certificate = try? Certificate(pemEncoded: text)
    else { return false }
    return certificate.notValidAfter.timeIntervalSinceNow > 30 * day
  }

  /// PEM of certificate and key: P-256, for servers and clients, ten years.
  static func make(names: [String], from start: Date) throws -> (certificate: String, key: String) {
    let key = P256.Signing.PrivateKey()
    let subject = try DistinguishedName { CommonName(names.first ?? "kakehashi") }
    let alternatives = names.map { name in
      numericBytes(name).map { GeneralName.ipAddress(ASN1OctetString(contentBytes: $0[...])) } ?? .dnsName(name)
    }
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey), notValidBefore: start - day,
      notValidAfter: start + validDays * day, issuer: subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(digitalSignature: true, keyCertSign: true))
        try ExtendedKeyUsage([.serverAuth, .clientAuth])
        SubjectAlternativeNames(alternatives)
      },
      issuerPrivateKey: .init(key))
    return (try certificate.serializeAsPEM().pemString + "\n", key.pemRepresentation + "\n")
  }

  private static func numericBytes(_ text: String) -> [UInt8]? {
    for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
      var bytes = [UInt8](repeating: 0, count: count)
      if inet_pton(family, text, &bytes) == 1 { return bytes }
    }
    return nil
  }

  /// Writes beside and renames, so that no half file is ever read; the mode holds from the first byte.
  private static func write(_ text: String, to path: String, mode: mode_t) throws {
    let temporary = path + ".new"
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    try handle.write(contentsOf: Data(text.utf8))
    try handle.close()
    guard rename(temporary, path) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
  }
}
