import ConfigurationFile
import Foundation
import Testing

/// The configurations in the repository, read as they are.
@Suite struct ShippedFilesTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  @Test func theExampleIsSound() throws {
    let loaded = try ConfigurationLoader.load(path: Self.root.appendingPathComponent("examples/gateway.yaml").path)
    #expect(loaded.notices.isEmpty, "\(loaded.notices)")
    let configuration = loaded.configuration
    #expect(configuration.stateDirectory == Self.root.appendingPathComponent("run").path)
    #expect(configuration.status.socket == Self.root.appendingPathComponent("run/gatewayd.sock").path)
    #expect(configuration.lines.map(\.name) == ["line1", "line2", "line3", "line4"])
    #expect(configuration.simulator.phones.count == 6)
  }

  @Test func whatIsInstalledIsSoundAndLetsNobodyOut() throws {
    let loaded = try ConfigurationLoader.load(path: Self.root.appendingPathComponent("systemd/gateway.yaml").path)
    #expect(loaded.notices.isEmpty, "\(loaded.notices)")
    #expect(loaded.configuration.outbound.rules.isEmpty && loaded.configuration.sip.accounts.isEmpty)
    #expect(loaded.configuration.sip.listen.allSatisfy { $0.host == "127.0.0.1" })
  }
}
