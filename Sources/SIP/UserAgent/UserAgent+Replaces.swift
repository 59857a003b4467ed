// Calls that take the place of others (RFC 3891).
extension UserAgent {
  /// Where Replaces leads.
  enum Replaced: Sendable, Equatable {
    case leg(LegID)
    /// 400, 481, 486 or 603.
    case refused(status: Int)
  }

  /// The Replaces by which another party takes our peer's place or ours in a leg: from the view of our peer; nil: there is no dialog.
  package func replacesHeader(for leg: LegID) -> ReplacesHeader? {
    guard let leg = legs[leg], let dialog = leg.firstDialog else { return nil }
    return ReplacesHeader(callID: dialog.callID, toTag: dialog.remoteTag, fromTag: dialog.localTag)
  }

  /// Our leg that a Replaces names, such as the one in a Refer-To that leads back to this gateway; nil: none.
  package func leg(matching replaces: ReplacesHeader) -> LegID? {
    if case .leg(let id) = resolve(replaces) { id } else { nil }
  }

  /// The leg of a Replaces, as RFC 3891 §3 decides: answered, or placed by us and not answered yet.
  func resolve(_ replaces: ReplacesHeader) -> Replaced {
    guard let id = dialogs[DialogKey(callID: replaces.callID, localTag: replaces.toTag)], let leg = legs[id] else {
      return .refused(status: 481)
    }
    switch leg.phase {
    case .established(let session) where session.dialog.remoteTag == replaces.fromTag:
      return replaces.isEarlyOnly ? .refused(status: 486) : .leg(id)
    case .calling(let call) where call.early.contains { $0.dialog.remoteTag == replaces.fromTag }:
      return .leg(id)
    case .closing, .over:
      return .refused(status: 603)
    case .calling, .cancelling, .ringing, .established:
      return .refused(status: 481)
    }
  }

  /// The leg that an INVITE takes the place of; nil: it does not say so, or it was answered.
  mutating func replacement(_ request: SIPRequest, _ fields: MessageFields, _ flow: Flow) -> (isRefused: Bool, leg: LegID?) {
    guard request.headers.contains(.replaces) else { return (false, nil) }
    guard let replaces = try? request.headers.replaces() else {
      respondStatelessly(400, reason: "Malformed Replaces", to: request, fields, flow)
      return (true, nil)
    }
    switch resolve(replaces) {
    case .leg(let id): return (false, id)
    case .refused(let status):
      respondStatelessly(status, to: request, fields, flow)
      return (true, nil)
    }
  }
}

extension Leg {
  /// Its dialog; of several early ones the latest.
  fileprivate var firstDialog: Dialog? {
    switch phase {
    case .calling(let call), .cancelling(let call, _): call.early.last?.dialog
    case .ringing(let call): call.dialog
    case .established(let session): session.dialog
    case .closing(let dialog, _): dialog
    case .over: nil
    }
  }
}
