import Foundation
import Hummingbird

extension ControlRoutes {
  func addProtection(to router: Router<BasicRequestContext>) {
    router.get("/v1/protection") { _, _ in try Self.json(try await backend.protection()) }
    // The source is an address or, for IPv6, perhaps ADDRESS/64, with the slash as it is or as %2F.
    router.delete("/v1/protection/bans/**") { _, context in
      let source = context.parameters.getCatchAll().joined(separator: "/").removingPercentEncoding ?? ""
      guard try await backend.liftBan(source) else { throw ControlError.notFound("\(source) is not banned") }
      return Response(status: .noContent)
    }
  }
}
