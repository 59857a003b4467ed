import Foundation
import SIP
import SIPTransport
import Testing

@Suite(.timeLimit(.minutes(1))) struct TLSTests {
  @Test func theSelfMadePairServesAndIsKept() async throws {
    try await withTemporaryDirectory { directory in
      let identity = try SelfSignedCertificate.loadOrMake(in: directory, names: ["gateway.test", "127.0.0.1", "::1"])
      let mode = try FileManager.default.attributesOfItem(atPath: identity.keyPath)[.posixPermissions] as? Int
      #expect(mode == 0o600)
      let certificate = try String(contentsOfFile: identity.certificatePath, encoding: .utf8)
      #expect(try SelfSignedCertificate.loadOrMake(in: directory, names: ["other"]) == identity)
      #expect(try String(contentsOfFile: identity.certificatePath, encoding: .utf8) == certificate)

      let gateway = try await Station(.tls) { $0.tls.identity = identity }
      let careless = try await Station(SIPTransportConfiguration()) { $0.tls.verifiesPeers = false }
      try await careless.send(try request("a"), to: .address(.tls, gateway.address))
      let opened = try await careless.recorder.nextOpened()
      #expect(opened.transport == .tls)
      let (message, flow) = try await gateway.recorder.nextMessage()
      #expect(callID(message) == "a" && flow.transport == .tls)
      try await gateway.send(try response(to: message), to: .flow(flow))
      #expect(callID(try await careless.recorder.nextMessage().0) == "a")

      // One that believes this very certificate finds the address in it.
      let knowing = try await Station(SIPTransportConfiguration()) { $0.tls.trustedCertificates = identity.certificatePath }
      try await knowing.send(try request("b"), to: .address(.tls, gateway.address))
      #expect(callID(try await gateway.recorder.nextMessage().0) == "b")
      for station in [gateway, careless, knowing] { await station.transport.shutdown() }
    }
  }

  @Test func anUnknownCertificateIsRefusedAndTheMessageComesBack() async throws {
    try await withTemporaryDirectory { directory in
      let identity = try SelfSignedCertificate.loadOrMake(in: directory, names: ["127.0.0.1"])
      let gateway = try await Station(.tls) { $0.tls.identity = identity }
      let strict = try await Station(SIPTransportConfiguration())
      try await strict.send(try request("a"), to: .address(.tls, gateway.address))
      #expect(try await strict.recorder.nextFailure().code == .connect)
      for station in [gateway, strict] { await station.transport.shutdown() }
    }
  }

  @Test func aListenerWithoutACertificateIsRefused() async throws {
    let error = await #expect(throws: SIPTransportError.self) { _ = try await Station(.tls) }
    #expect(error?.description == "sip.listen: tls://127.0.0.1:0 needs a certificate; set sip.tls")
  }

  @Test func filesThatAreNoCertificateAreNamed() async throws {
    try await withTemporaryDirectory { directory in
      let path = directory + "/not.pem"
      try "no certificate".write(toFile: path, atomically: true, encoding: .utf8)
      let error = await #expect(throws: SIPTransportError.self) {
        _ = try await Station(.tls) { $0.tls.identity = TLSIdentity(certificatePath: path, keyPath: path) }
      }
      #expect(error?.code == .certificate)
      #expect(error?.description.contains(path) == true)
    }
  }
}

extension Station {
  fileprivate init(_ configuration: SIPTransportConfiguration, change: (inout SIPTransportConfiguration) -> Void) async throws {
    var configuration = configuration
    change(&configuration)
    try await self.init(configuration)
  }
}
