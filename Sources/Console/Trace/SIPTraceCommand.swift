import ArgumentParser
import ControlAPI
import Foundation

/// `kakehashi sip`: what goes over the wire.
struct SIPCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sip", abstract: "Shows signalling.", subcommands: [SIPTraceCommand.self])
}

/// `kakehashi sip trace`: recent messages as a ladder, as JSON or as a capture file.
struct SIPTraceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace",
    abstract: "Draws the SIP messages of a call, or of all recent ones.",
    discussion: """
      The gateway keeps the latest messages (sip.trace_kb). Passwords' digests, media keys and keyed digits are shown as asterisks.
      """)

  @Argument(help: "The call's id, as `kakehashi calls` shows it, or a Call-ID; none: all that is kept.") var id: String?
  @OptionGroup var socket: SocketOptions
  @Flag(help: "Go on with what comes, until Ctrl-C.") var follow = false
  @Option(help: ArgumentHelp("Write a capture file for Wireshark (raw IP); - is standard output.", valueName: "file")) var pcap: String?
  @Flag(help: "Print the text of every message.") var full = false
  @Flag(help: "Print the socket's JSON; with --follow a message a line.") var json = false

  /// Between two questions for what is new.
  private static let pause = Duration.milliseconds(200)

  func validate() throws {
    if pcap != nil, follow || full || json { throw ValidationError("--pcap goes alone") }
  }

  func run() async throws {
    Interrupts.watch()
    let work = Task { try await show() }
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

  private func show() async throws {
    let client = ControlClient(socket: socket.path)
    let (query, call) = try await resolve(client)
    if let pcap {
      let file = try await client.sipCapture(query)
      let handle = try pcap == "-" ? FileHandle.standardOutput : Self.create(pcap)
      return try handle.write(contentsOf: file)
    }
    if json, !follow { return Terminal.writeLine(try await client.text(query.path("/v1/sip/messages"))) }
    let trace = try await client.sipTrace(query)
    if follow { return try await follow(trace, query, client) }
    for line in SIPTraceReport(width: Terminal.columns, isColoured: Terminal.isColoured).lines(trace, call: call, id: id, withText: full) {
      Terminal.writeLine(line)
    }
  }

  /// The id is a call of the gateway, else a Call-ID.
  private func resolve(_ client: ControlClient) async throws -> (SIPTraceQuery, CallStatus?) {
    guard let id else { return (SIPTraceQuery(), nil) }
    do {
      let call = try await client.call(id: id)
      return (SIPTraceQuery(call: id), call)
    } catch ControlClientError.refused(status: 404, message: _) {
      return (SIPTraceQuery(callID: id), nil)
    }
  }

  private func follow(_ first: SIPTrace, _ asked: SIPTraceQuery, _ client: ControlClient) async throws {
    var (trace, query) = (first, asked)
    var ladder = Ladder(width: Terminal.columns, clock: .timeOfDay, isColoured: Terminal.isColoured)
    while !Task.isCancelled {
      if json {
        for message in trace.messages { Terminal.writeLine(String(decoding: try ControlJSON.encode(message), as: UTF8.self)) }
      } else {
        for line in ladder.add(trace.messages, withText: full) { Terminal.writeLine(line) }
      }
      query.since = max(query.since, trace.last)
      try await Task.sleep(for: Self.pause)
      trace = try await client.sipTrace(query)
    }
  }

  private static func create(_ path: String) throws -> FileHandle {
    guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]),
      let handle = FileHandle(forWritingAtPath: path)
    else { throw ControlClientError.badAnswer("\(path) cannot be written") }
    return handle
  }
}
