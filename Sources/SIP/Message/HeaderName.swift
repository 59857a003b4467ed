/// The header fields this product knows by name; any other is `.extension` and is looked up by its text.
package enum HeaderName: UInt8, Hashable, Sendable, CaseIterable {
  case via, from, to, callID, cseq, contact, maxForwards, contentLength, contentType, contentEncoding
  case contentDisposition, contentLanguage, route, recordRoute, allow, supported, require, proxyRequire, unsupported
  case expires, minExpires, authorization, wwwAuthenticate, proxyAuthorization, proxyAuthenticate, authenticationInfo
  case userAgent, server, date, timestamp, subject, reason, privacy, pAssertedIdentity, pPreferredIdentity
  case remotePartyID, accept, acceptEncoding, acceptLanguage, event, allowEvents, subscriptionState, referTo, referredBy
  case replaces, sessionExpires, minSE, rack, rseq, retryAfter, warning, inReplyTo, errorInfo, callInfo, alertInfo
  case organization, priority, replyTo, mimeVersion, path, serviceRoute, identity, historyInfo, diversion, join
  case requestDisposition, acceptContact, rejectContact, targetDialog, flowTimer, sipETag, sipIfMatch, infoPackage
  case recvInfo, maxBreadth, referSub
  /// A header field this product does not know.
  case `extension`

  /// The name as this product writes it; empty for `.extension`.
  package var text: String {
    switch self {
    case .via: "Via"
    case .from: "From"
    case .to: "To"
    case .callID: "Call-ID"
    case .cseq: "CSeq"
    case .contact: "Contact"
    case .maxForwards: "Max-Forwards"
    case .contentLength: "Content-Length"
    case .contentType: "Content-Type"
    case .contentEncoding: "Content-Encoding"
    case .contentDisposition: "Content-Disposition"
    case .contentLanguage: "Content-Language"
    case .route: "Route"
    case .recordRoute: "Record-Route"
    case .allow: "Allow"
    case .supported: "Supported"
    case .require: "Require"
    case .proxyRequire: "Proxy-Require"
    case .unsupported: "Unsupported"
    case .expires: "Expires"
    case .minExpires: "Min-Expires"
    case .authorization: "Authorization"
    case .wwwAuthenticate: "WWW-Authenticate"
    case .proxyAuthorization: "Proxy-Authorization"
    case .proxyAuthenticate: "Proxy-Authenticate"
    case .authenticationInfo: "Authentication-Info"
    case .userAgent: "User-Agent"
    case .server: "Server"
    case .date: "Date"
    case .timestamp: "Timestamp"
    case .subject: "Subject"
    case .reason: "Reason"
    case .privacy: "Privacy"
    case .pAssertedIdentity: "P-Asserted-Identity"
    case .pPreferredIdentity: "P-Preferred-Identity"
    case .remotePartyID: "Remote-Party-ID"
    case .accept: "Accept"
    case .acceptEncoding: "Accept-Encoding"
    case .acceptLanguage: "Accept-Language"
    case .event: "Event"
    case .allowEvents: "Allow-Events"
    case .subscriptionState: "Subscription-State"
    case .referTo: "Refer-To"
    case .referredBy: "Referred-By"
    case .replaces: "Replaces"
    case .sessionExpires: "Session-Expires"
    case .minSE: "Min-SE"
    case .rack: "RAck"
    case .rseq: "RSeq"
    case .retryAfter: "Retry-After"
    case .warning: "Warning"
    case .inReplyTo: "In-Reply-To"
    case .errorInfo: "Error-Info"
    case .callInfo: "Call-Info"
    case .alertInfo: "Alert-Info"
    case .organization: "Organization"
    case .priority: "Priority"
    case .replyTo: "Reply-To"
    case .mimeVersion: "MIME-Version"
    case .path: "Path"
    case .serviceRoute: "Service-Route"
    case .identity: "Identity"
    case .historyInfo: "History-Info"
    case .diversion: "Diversion"
    case .join: "Join"
    case .requestDisposition: "Request-Disposition"
    case .acceptContact: "Accept-Contact"
    case .rejectContact: "Reject-Contact"
    case .targetDialog: "Target-Dialog"
    case .flowTimer: "Flow-Timer"
    case .sipETag: "SIP-ETag"
    case .sipIfMatch: "SIP-If-Match"
    case .infoPackage: "Info-Package"
    case .recvInfo: "Recv-Info"
    case .maxBreadth: "Max-Breadth"
    case .referSub: "Refer-Sub"
    case .extension: ""
    }
  }

  /// The one-letter form (RFC 3261 7.3.3 and the fields' own standards); nil when there is none.
  package var compactForm: String? {
    switch self {
    case .via: "v"
    case .from: "f"
    case .to: "t"
    case .callID: "i"
    case .contact: "m"
    case .contentLength: "l"
    case .contentType: "c"
    case .contentEncoding: "e"
    case .supported: "k"
    case .subject: "s"
    case .event: "o"
    case .allowEvents: "u"
    case .referTo: "r"
    case .referredBy: "b"
    case .sessionExpires: "x"
    case .identity: "y"
    case .requestDisposition: "d"
    case .acceptContact: "a"
    case .rejectContact: "j"
    default: nil
    }
  }
}

extension HeaderName: CustomStringConvertible {
  package var description: String { text }
}

extension HeaderName {
  /// The name for a text in any case, long or compact; `.extension` when it is none of ours.
  package init(matching text: String) {
    let bytes = Array(text.utf8)
    self = HeaderName.find(bytes, 0..<bytes.count)
  }

  /// The name for the bytes, compared without regard to case.
  static func find(_ bytes: [UInt8], _ range: Range<Int>) -> HeaderName {
    HeaderNameTable.shared.find(bytes, range)
  }
}

/// An open-addressed table of the long and compact names in lower case.
private struct HeaderNameTable {
  static let mask = 1023
  static let shared = HeaderNameTable()

  /// Index into `names`, 0xff for none.
  let slots: [UInt8]
  let names: [HeaderName]
  /// All names in lower case, one after the other; entry n ends at `ends[n]`.
  private let text: [UInt8]
  private let ends: [Int]

  private init() {
    var slots = [UInt8](repeating: 0xff, count: HeaderNameTable.mask + 1)
    var names: [HeaderName] = []
    var text: [UInt8] = []
    var ends: [Int] = []
    for name in HeaderName.allCases where name != .extension {
      for form in [name.text, name.compactForm ?? name.text] {
        let bytes = form.utf8.map(\.asciiLowercased)
        if form == names.last?.text { continue }
        var slot = HeaderNameTable.hash(bytes, 0..<bytes.count)
        while slots[slot] != 0xff { slot = (slot + 1) & HeaderNameTable.mask }
        slots[slot] = UInt8(truncatingIfNeeded: names.count)
        names.append(name)
        text += bytes
        ends.append(text.count)
      }
    }
    (self.slots, self.names, self.text, self.ends) = (slots, names, text, ends)
  }

  func find(_ bytes: [UInt8], _ range: Range<Int>) -> HeaderName {
    var slot = HeaderNameTable.hash(bytes, range)
    while case let candidate = slots[slot], candidate != 0xff {
      if matches(candidate, bytes, range) { return names[Int(candidate)] }
      slot = (slot &+ 1) & HeaderNameTable.mask
    }
    return .extension
  }

  @inline(__always)
  private static func hash(_ bytes: [UInt8], _ range: Range<Int>) -> Int {
    var hash: UInt32 = 0x811c_9dc5
    for index in range { hash = (hash ^ UInt32(bytes[index].asciiLowercased)) &* 0x0100_0193 }
    return Int((hash ^ (hash &>> 15)) & UInt32(mask))
  }

  @inline(__always)
  private func matches(_ entry: UInt8, _ bytes: [UInt8], _ range: Range<Int>) -> Bool {
    let first = entry == 0 ? 0 : ends[Int(entry) &- 1]
    guard ends[Int(entry)] &- first == range.count else { return false }
    for offset in 0..<range.count where text[first &+ offset] != bytes[range.lowerBound &+ offset].asciiLowercased { return false }
    return true
  }
}
