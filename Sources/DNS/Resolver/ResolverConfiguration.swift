/// A name server.
package struct DNSServer: Hashable, Sendable, CustomStringConvertible {
  /// Numeric.
  package var host: String
  package var port: UInt16

  package init(host: String, port: UInt16 = 53) {
    self.host = host
    self.port = port
  }

  /// `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or `[2001:db8::1]:5353`; nil: none of them.
  package init?(_ text: String) {
    var host = Substring(text)
    var port: UInt16 = 53
    if host.first == "[", let end = host.firstIndex(of: "]") {
      let rest = host[host.index(after: end)...]
      if rest.first == ":" {
        guard let number = UInt16(rest.dropFirst()), number > 0 else { return nil }
        port = number
      } else if !rest.isEmpty {
        return nil
      }
      host = host[host.index(after: host.startIndex)..<end]
    } else if let colon = host.firstIndex(of: ":"), colon == host.lastIndex(of: ":") {
      guard let number = UInt16(host[host.index(after: colon)...]), number > 0 else { return nil }
      port = number
      host = host[..<colon]
    }
    guard NumericAddress.isNumeric(host) else { return nil }
    self.init(host: String(host), port: port)
  }

  package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// Whom to ask, and how patiently; what resolv.conf(5) says.
package struct ResolverConfiguration: Sendable, Equatable {
  /// At most three; the default is 127.0.0.1.
  package var servers: [DNSServer] = [DNSServer(host: "127.0.0.1")]
  /// What short names are looked for in.
  package var search: [DomainName] = []
  /// Names with fewer dots are looked for in `search` first; the default is 1.
  package var dots = 1
  /// How long a server has to answer; the first time round it has 1.5 s at most; the default is 5 s.
  package var timeout = Duration.seconds(5)
  /// How often all servers are asked; the default is 2.
  package var attempts = 2
  /// Each question begins with another server; the default is false.
  package var rotates = false
  /// Always by TCP; the default is false.
  package var usesTCP = false

  package init() {}

  package init(servers: [DNSServer]) { self.servers = servers }

  /// Reads the text of a resolv.conf; what cannot be read is left out, as the C library does.
  package init(resolvConf text: String) {
    var found: [DNSServer] = []
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.prefix { $0 != "#" && $0 != ";" }.split(whereSeparator: \.isWhitespace)
      guard let keyword = words.first else { continue }
      switch keyword {
      case "nameserver":
        // A scope (fe80::1%eth0) needs an interface; such servers are left to the C library.
        if words.count > 1, NumericAddress.isNumeric(words[1]), found.count < 3 { found.append(DNSServer(host: String(words[1]))) }
      case "search", "domain":
        search = words.dropFirst().prefix(6).compactMap { DomainName($0) }.filter { !$0.isRoot }
      case "options":
        for option in words.dropFirst() { read(option) }
      default:
        break
      }
    }
    if !found.isEmpty { servers = found }
  }

  private mutating func read(_ option: Substring) {
    let parts = option.split(separator: ":", maxSplits: 1)
    let number = parts.count > 1 ? Int(parts[1]) : nil
    switch (parts.first, number) {
    case ("timeout", let seconds?): timeout = .seconds(min(max(seconds, 1), 30))
    case ("attempts", let count?): attempts = min(max(count, 1), 5)
    case ("ndots", let count?): dots = min(max(count, 0), 15)
    case ("rotate", _): rotates = true
    case ("use-vc", _): usesTCP = true
    default: break
    }
  }
}
