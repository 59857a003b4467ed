import Foundation
import Logging
import NIOCore
import NIOPosix
import SIP
import SIPTransport
import Testing

/// What a transport told its delegate.
enum Report: Sendable {
  case received(SIPMessage, Flow)
  case unparsable(SIPParseError, Flow)
  case opened(Flow)
  case closed(Flow)
  case ponged(Flow)
  case couldNotSend(SIPMessage, SIPTransportError)
}

/// Keeps what a transport reports, to be awaited in order.
final class Recorder: SIPTransportDelegate, Sendable {
  private let continuation: AsyncStream<Report>.Continuation
  let reports: AsyncStream<Report>

  init() { (reports, continuation) = AsyncStream.makeStream() }

  func transport(_ transport: SIPTransport, received message: SIPMessage, on flow: Flow) { continuation.yield(.received(message, flow)) }
  func transport(_ transport: SIPTransport, receivedUnparsable error: SIPParseError, on flow: Flow) {
    continuation.yield(.unparsable(error, flow))
  }
  func transport(_ transport: SIPTransport, opened flow: Flow, for destination: Destination) { continuation.yield(.opened(flow)) }
  func transport(_ transport: SIPTransport, closed flow: Flow) { continuation.yield(.closed(flow)) }
  func transport(_ transport: SIPTransport, pongOn flow: Flow) { continuation.yield(.ponged(flow)) }

  func transport(_ transport: SIPTransport, couldNotSend message: SIPMessage, to destination: Destination, because error: SIPTransportError)
  {
    continuation.yield(.couldNotSend(message, error))
  }

  func next() async throws -> Report {
    for await report in reports { return report }
    throw CancellationError()
  }

  func nextMessage() async throws -> (SIPMessage, Flow) {
    let report = try await next()
    guard case .received(let message, let flow) = report else { throw Unexpected(report: report) }
    return (message, flow)
  }

  func nextOpened() async throws -> Flow {
    let report = try await next()
    guard case .opened(let flow) = report else { throw Unexpected(report: report) }
    return flow
  }

  func nextClosed() async throws -> Flow {
    let report = try await next()
    guard case .closed(let flow) = report else { throw Unexpected(report: report) }
    return flow
  }

  func nextFailure() async throws -> SIPTransportError {
    let report = try await next()
    guard case .couldNotSend(_, let error) = report else { throw Unexpected(report: report) }
    return error
  }
}

struct Unexpected: Error, CustomStringConvertible {
  let report: Report

  var description: String {
    switch report {
    case .received(let message, let flow): "unexpected: received \(callID(message) ?? "-") from \(flow.remote)"
    case .unparsable(let error, let flow): "unexpected: unparsable from \(flow.remote): \(error)"
    case .opened(let flow): "unexpected: opened \(flow.remote)"
    case .ponged(let flow): "unexpected: pong from \(flow.remote)"
    case .closed(let flow): "unexpected: closed \(flow.remote)"
    case .couldNotSend(let message, let error): "unexpected: could not send \(callID(message) ?? "-"): \(error)"
    }
  }
}

/// A transport with its recorder on a loop of the shared group.
struct Station: Sendable {
  let transport: SIPTransport
  let recorder = Recorder()
  let listeners: [SIPListener]

  init(_ configuration: SIPTransportConfiguration) async throws {
    transport = try SIPTransport(
      eventLoop: MultiThreadedEventLoopGroup.singleton.next(), configuration: configuration,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    listeners = try await transport.start()
    let (transport, recorder) = (transport, recorder)
    try await transport.eventLoop.submit { transport.delegate = recorder }.get()
  }

  init(_ kind: SIPTransportKind, host: String = "127.0.0.1", change: (inout SIPTransportConfiguration) -> Void = { _ in }) async throws {
    var configuration = SIPTransportConfiguration(listen: [.init(kind, host: host, port: 0)])
    change(&configuration)
    try await self.init(configuration)
  }

  var address: SIPAddress { listeners.first?.address ?? SIPAddress(host: "", port: 0) }

  func send(_ message: SIPMessage, to destination: Destination) async throws {
    try await transport.eventLoop.submit { [transport] in transport.transmit(message, to: destination) }.get()
  }
}

/// An OPTIONS request, told apart by its Call-ID.
func request(_ callID: String, bodySize: Int = 0) throws -> SIPMessage {
  let text = """
    OPTIONS sip:gateway SIP/2.0
    Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK\(callID);rport
    From: <sip:a@127.0.0.1>;tag=1
    To: <sip:b@127.0.0.1>
    Call-ID: \(callID)
    CSeq: 1 OPTIONS
    Max-Forwards: 70
    Content-Length: \(bodySize)


    """
  let bytes = Array(text.replacing("\n", with: "\r\n").utf8) + [UInt8](repeating: 0x61, count: bodySize)
  return try SIPParser.parse(datagram: bytes)
}

func response(to message: SIPMessage) throws -> SIPMessage {
  guard case .request(let request) = message else { throw CancellationError() }
  return .response(SIPResponse(to: request, status: 200, toTag: "2"))
}

func callID(_ message: SIPMessage) -> String? { message.headers.callID }

/// A directory of the test's own.
func withTemporaryDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("kakehashi-\(UUID().uuidString)").path
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try await body(path)
}
