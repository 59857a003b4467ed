import HTTPTypes
import Hummingbird
import NIOCore

extension ControlRoutes {
  func addTrace(to router: Router<BasicRequestContext>) {
    router.get("/v1/sip/messages") { request, _ in try Self.json(try await backend.sipTrace(try Self.query(request))) }
    router.get("/v1/sip/trace.pcap") { request, _ in
      let file = try await backend.sipCapture(try Self.query(request))
      return Response(
        status: .ok, headers: [.contentType: "application/vnd.tcpdump.pcap"], body: ResponseBody(byteBuffer: ByteBuffer(bytes: file)))
    }
  }

  private static func query(_ request: Request) throws -> SIPTraceQuery {
    let parameters = request.uri.queryParameters
    for (name, _) in parameters where !["call", "call_id", "since", "limit"].contains(String(name)) {
      throw ControlError.badRequest("\(name) is not asked here; expected call, call_id, since or limit")
    }
    return SIPTraceQuery(
      call: parameters.get("call"), callID: parameters.get("call_id"),
      since: try number("since", in: request, range: 0...Int.max) ?? 0, limit: try number("limit", in: request, range: 1...100_000) ?? 1000)
  }
}
