import ArgumentParser
import ControlAPI
import Foundation

/// `kakehashi watch`: on a terminal the status each second, elsewhere a line for everything that happens.
struct WatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "watch", abstract: "Shows what happens, until Ctrl-C.")
  @OptionGroup var socket: SocketOptions
  @Flag(help: "Print each event as a line of JSON.") var json = false

  func run() async throws {
    Interrupts.watch()
    let client = ControlClient(socket: socket.path)
    let work = Task {
      if json || !Terminal.isInteractive { try await follow(client) } else { try await draw(client) }
    }
    let interrupts = Task { await Interrupts.forEach { _ in work.cancel() } }
    defer { interrupts.cancel() }
    do {
      try await work.value
    } catch is CancellationError {
      return
    } catch {
      throw Terminal.failure("\(error)")
    }
  }

  private func follow(_ client: ControlClient) async throws {
    for try await event in try await client.events() {
      Terminal.writeLine(json ? String(decoding: try ControlJSON.encode(event), as: UTF8.self) : StatusTables.event(event))
    }
  }

  private func draw(_ client: ControlClient) async throws {
    var block = UpdatingBlock()
    while !Task.isCancelled {
      let lines =
        StatusTables.status(try await client.status()) + StatusTables.trunks(try await client.trunks()) + [""]
        + StatusTables.lines(try await client.lines()) + [""]
        + StatusTables.calls(try await client.calls(), now: Date())
      Terminal.write(block.update(lines, columns: Terminal.columns))
      try? await Task.sleep(for: .seconds(1))
    }
  }
}
