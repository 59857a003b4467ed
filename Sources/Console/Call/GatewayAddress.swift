/// `HOST`, `HOST:PORT`, `[IPv6]` or `[IPv6]:PORT`; a bare IPv6 address too.
package struct GatewayAddress: Equatable, Sendable {
  package var host: String
  package var port: UInt16?

  /// nil for anything else.
  package init?(_ text: String) {
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      host = String(text[text.index(after: text.startIndex)..<end])
      let rest = text[text.index(after: end)...]
      guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
      if !rest.isEmpty {
        guard let number = UInt16(rest.dropFirst()), number > 0 else { return nil }
        port = number
      }
    } else if text.filter({ $0 == ":" }).count > 1 {
      host = text
    } else {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      host = String(parts[0])
      if parts.count == 2 {
        guard let number = UInt16(parts[1]), number > 0 else { return nil }
        port = number
      }
    }
    guard !host.isEmpty, !host.contains(where: { $0.isWhitespace || $0 == "/" || $0 == "@" }) else { return nil }
  }
}
