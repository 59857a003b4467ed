import SIP
import TelephonyHAL

/// How a caller is shown to softphones: RFC 3323 for those who do not want to be, RFC 3325 for what the line told.
struct CallerPresentation {
  var uri: SIPURI
  var displayName: String?
  var isAsserted = false
  var isWithheld = false

  init(_ call: Call, host: String) {
    guard call.record.direction == .inbound else {
      // An operator's call, or one that is transferred: the softphone sees whom it is about to be connected with.
      uri = SIPURI(user: call.record.number, host: host)
      return
    }
    let callerID = call.callerID
    switch callerID?.presentation {
    case .withheld:
      uri = SIPURI(user: "anonymous", host: "anonymous.invalid")
      displayName = "Anonymous"
      isWithheld = true
    case .allowed:
      guard let number = callerID?.number, !number.isEmpty else { fallthrough }
      uri = SIPURI(user: number, host: host)
      displayName = callerID?.name ?? number
      isAsserted = true
    case .unavailable, nil:
      uri = SIPURI(user: "unavailable", host: host)
      displayName = callerID?.name ?? "Unavailable"
    }
  }
}
