import ConfigurationFile
import Foundation
import Gateway
import SIP
import Testing

struct TrunkMappingTests {
  private func folder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kakehashi-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  private func trunk(_ text: String, _ identity: GatewayIdentity? = nil) throws -> SIPTrunk {
    let file = try ConfigurationLoader.load(text: "sip:\n  trunks:\n    - \(text)", file: "/nowhere/gateway.yaml").configuration
    return SIPTrunk(try #require(file.sip.trunks.first), identity: identity)
  }

  @Test func aRegistrarAsTheFileHasIt() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let identity = try GatewayIdentity(folder.path)
    let trunk = try trunk(
      """
      {name: pbx, registrar: ["sip:A.example.com;transport=tcp", "sips:[2001:db8::1]"], user: gw, auth_user: other, password: secret,
             expires_s: 90, retry_s: 3, retry_max_s: 9, from_user: "100", outbound_proxy: "sip:proxy", outbound: false, addresses: 192.0.2.0/24}
      """, identity)
    let registration = try #require(trunk.registration)
    #expect(registration.registrars.map(\.description) == ["sip:a.example.com;transport=tcp", "sips:[2001:db8::1]"])
    #expect(registration.user == "gw" && registration.expiry == .seconds(90) && !registration.usesOutbound)
    #expect(registration.retries.base == .seconds(3) && registration.retries.maximum == .seconds(9))
    #expect(registration.instance == identity.instance && registration.lineToken == identity.lineToken(of: "pbx"))
    #expect(trunk.credentials == SIPCredentials(user: "other", password: "secret"))
    #expect(trunk.outboundProxy?.description == "sip:proxy" && trunk.fromUser == "100" && !trunk.challengesCalls)
    #expect(trunk.networks == [IPNetwork("192.0.2.0/24")])
  }

  @Test func anAddressHasNoRegistration() throws {
    let trunk = try trunk("{name: pbx, addresses: 192.0.2.7, server: \"192.0.2.7:5080\", user: u, password: p, challenge: true}")
    #expect(trunk.registration == nil && trunk.server?.description == "sip:192.0.2.7:5080" && trunk.challengesCalls)
  }

  @Test func theIdentityOutlivesARestart() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let first = try GatewayIdentity(folder.path)
    let second = try GatewayIdentity(folder.path)
    #expect(first.instance == second.instance && first.instance.hasPrefix("urn:uuid:"))
    #expect(first.lineToken(of: "a") == second.lineToken(of: "a") && first.lineToken(of: "a") != first.lineToken(of: "b"))
    #expect(first.lineToken(of: "a").utf8.count == 32)
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/identity")
    #expect(attributes[.posixPermissions] as? Int == 0o600)
  }

  @Test func aBrokenIdentityIsReplaced() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try "nonsense\n".write(toFile: folder.path + "/identity", atomically: true, encoding: .utf8)
    let identity = try GatewayIdentity(folder.path)
    #expect(try GatewayIdentity(folder.path).instance == identity.instance)
  }

  @Test func aFolderThatCannotBeWrittenIsSaid() {
    #expect(throws: GatewayError.self) { _ = try GatewayIdentity("/nowhere/at/all") }
  }
}
