/// Who is changing the session of a dialog (RFC 3261 §14, RFC 3311 §5): one offer at a time.
///
/// In a confirmed dialog ours goes out in a re-INVITE, before the answer in an UPDATE; the peer's comes in either, or in a PRACK.
///
///                 offer: send re-INVITE                        re-INVITE: report
///              +------------------------- [ idle ] ----------------------------+
///              V                            ^ ^ ^                              V
///         [ sending ] -- 2xx, 3xx-6xx ------+ | +------ accept, reject ---- [ receiving ]
///           |  |  ^                           |                               re-INVITE: 500
///       491 |  |  +-- back-off over: send     |
///           V  |                              |
///       [ backing off ] ------- re-INVITE: report, offer again after it
///              re-INVITE in [ sending ]: 491 (RFC 3261 §14.2)
enum SessionModification: Sendable {
  case idle
  case sending(ClientTransactionID, offer: [UInt8], isRefresh: Bool = false)
  /// After 491 (RFC 3261 §14.1).
  case backingOff(until: Duration, offer: [UInt8])
  /// The peer's re-INVITE, UPDATE or PRACK waits for `acceptOffer` or `rejectOffer`.
  case receiving(ServerTransactionID, SIPRequest, hasOffer: Bool)
}
