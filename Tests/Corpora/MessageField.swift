import SIP

/// Reads a field by the paths the table uses.
enum MessageField {
  static func read(_ path: String, of message: SIPMessage) -> String? {
    let headers = message.headers
    if path.hasPrefix("header:") { return headers[String(path.dropFirst(7))] }
    let parts = path.split(separator: ".", maxSplits: 1).map(String.init)
    let rest = parts.count > 1 ? parts[1] : ""
    switch parts[0] {
    case "body": return String(message.body.count)
    case "callid": return headers.callID
    case "maxforwards": return (try? headers.maxForwards()).flatMap { $0 }.map { String($0) }
    case "cseq": return (try? headers.cseq())?.wireText
    case "from": return (try? headers.from()).flatMap { address(rest, $0) }
    case "to": return (try? headers.to()).flatMap { address(rest, $0) }
    case "via": return via(rest, (try? headers.vias()) ?? [])
    case "contact": return contact(rest, (try? headers.contacts().addresses) ?? [])
    default: return startLine(parts[0], rest, message)
    }
  }

  private static func startLine(_ name: String, _ rest: String, _ message: SIPMessage) -> String? {
    switch (message, name) {
    case (.request(let request), "method"): request.method.name
    case (.request(let request), "uri"): uri(rest, request.uri)
    case (.response(let response), "status"): String(response.status)
    case (.response(let response), "reason"): response.reason
    default: nil
    }
  }

  private static func uri(_ rest: String, _ uri: SIPURI) -> String? {
    switch rest {
    case "": uri.description
    case "user": uri.user
    case "host": uri.host
    case "port": uri.port.map { String($0) }
    default: nil
    }
  }

  private static func address(_ rest: String, _ address: NameAddress) -> String? {
    if rest.hasPrefix("param:") { return address.parameters[String(rest.dropFirst(6))] }
    if rest == "display" { return address.displayName }
    if rest == "tag" { return address.tag }
    if rest == "uri" { return address.uri.description }
    return rest.hasPrefix("uri.") ? uri(String(rest.dropFirst(4)), address.uri) : nil
  }

  private static func via(_ rest: String, _ vias: [Via]) -> String? {
    if rest == "count" { return String(vias.count) }
    let parts = rest.split(separator: ".").map(String.init)
    guard parts.count == 2, let index = Int(parts[0]), vias.indices.contains(index) else { return nil }
    switch parts[1] {
    case "branch": return vias[index].branch
    case "host": return vias[index].host
    case "port": return vias[index].port.map { String($0) }
    case "received": return vias[index].received
    case "transport": return vias[index].transport
    case "unique": return String(vias[index].hasUniqueBranch)
    default: return nil
    }
  }

  private static func contact(_ rest: String, _ contacts: [NameAddress]) -> String? {
    if rest == "count" { return String(contacts.count) }
    let parts = rest.split(separator: ".", maxSplits: 1).map(String.init)
    guard parts.count == 2, let index = Int(parts[0]), contacts.indices.contains(index) else { return nil }
    return address(parts[1], contacts[index])
  }
}
