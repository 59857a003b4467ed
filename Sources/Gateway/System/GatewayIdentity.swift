import Foundation
import SIP

/// By what other systems know this gateway again after a restart: random, made at the first start, kept in the state directory.
package struct GatewayIdentity: Sendable {
  /// `urn:uuid:…` (RFC 5626 §4.1).
  package let instance: String
  private let secret: [UInt8]

  /// Reads `identity` in the state directory, or makes it; blocks on the disk.
  package init(_ directory: String) throws(GatewayError) {
    let path = directory + "/identity"
    if let text = try? String(contentsOfFile: path, encoding: .utf8) {
      let lines = text.split(whereSeparator: \.isNewline)
      if lines.count == 2, let id = UUID(uuidString: String(lines[0])), lines[1].utf8.count == 64 {
        self.init(id, secret: Array(lines[1].utf8))
        return
      }
    }
    let id = UUID()
    let secret = (0..<4).map { _ in
      let digits = String(UInt64.random(in: 0 ... .max), radix: 16)
      return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }.joined()
    let content = Data("\(id.uuidString.lowercased())\n\(secret)\n".utf8)
    guard FileManager.default.createFile(atPath: path, contents: content, attributes: [.posixPermissions: 0o600]) else {
      throw GatewayError(.state, "gateway.state_directory: \(path) cannot be written")
    }
    self.init(id, secret: Array(secret.utf8))
  }

  private init(_ id: UUID, secret: [UInt8]) {
    instance = "urn:uuid:\(id.uuidString.lowercased())"
    self.secret = secret
  }

  /// What our Contact at a trunk carries: the same after every restart, and nobody's guess.
  package func lineToken(of trunk: String) -> String {
    String(DigestAlgorithm.sha256.hexHash(secret + Array(":\(trunk)".utf8)).prefix(32))
  }
}
