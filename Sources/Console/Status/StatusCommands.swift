import ArgumentParser
import ControlAPI
import Foundation

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "status", abstract: "Shows how the gateway is.")
  @OptionGroup var socket: SocketOptions
  @Flag(help: "Print the socket's JSON.") var json = false

  func run() async throws {
    try await show("/v1/status", socket, json: json) { StatusTables.status(try ControlJSON.decode(GatewayStatus.self, from: $0)) }
    guard !json else { return }
    try await show("/v1/trunks", socket, json: false) { StatusTables.trunks(try ControlJSON.decode([TrunkStatus].self, from: $0)) }
  }
}

struct LinesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "lines", abstract: "Shows the lines.")
  @OptionGroup var socket: SocketOptions
  @Flag(help: "Print the socket's JSON.") var json = false

  func run() async throws {
    try await show("/v1/lines", socket, json: json) { StatusTables.lines(try ControlJSON.decode([LineStatus].self, from: $0)) }
  }
}

struct CallsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "calls", abstract: "Shows the calls that run.")
  @OptionGroup var socket: SocketOptions
  @Flag(help: "Show those that have ended, newest first.") var ended = false
  @Flag(help: "Print the socket's JSON.") var json = false

  func run() async throws {
    try await show("/v1/calls\(ended ? "?ended=true" : "")", socket, json: json) {
      StatusTables.calls(try ControlJSON.decode([CallStatus].self, from: $0), now: Date())
    }
  }
}

struct HangUpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "hangup", abstract: "Ends a call.")
  @Argument(help: "The call's id, as `kakehashi calls` shows it.") var id: String
  @OptionGroup var socket: SocketOptions

  func run() async throws {
    do {
      try await ControlClient(socket: socket.path).hangUp(id: id)
    } catch {
      throw Terminal.failure("\(error)")
    }
  }
}

/// Asks, and prints the answer as it came or as lines.
func show(_ path: String, _ socket: SocketOptions, json: Bool, _ lines: (Data) throws -> [String]) async throws {
  let shown: [String]
  do {
    let text = try await ControlClient(socket: socket.path).text(path)
    shown = json ? [text] : try lines(Data(text.utf8))
  } catch {
    throw Terminal.failure("\(error)")
  }
  for line in shown { Terminal.writeLine(line) }
}
