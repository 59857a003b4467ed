/// Names that the machine knows itself: hosts(5), and `localhost` in any case (RFC 6761 §6.3).
package struct HostsFile: Sendable, Equatable {
  private var addresses: [DomainName: [String]] = [:]

  /// Reads the text of a hosts file; lines that cannot be read are left out.
  package init(_ text: String = "") {
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
      guard let address = words.first, NumericAddress.isNumeric(address) else { continue }
      for word in words.dropFirst() {
        guard let name = DomainName(word), !name.isRoot else { continue }
        if addresses[name]?.contains(String(address)) != true { addresses[name, default: []].append(String(address)) }
      }
    }
  }

  /// nil: the name is not known here and has to be asked for.
  package func addresses(of name: DomainName, _ type: RecordType) -> [String]? {
    let isWanted: (String) -> Bool = type == .a ? { NumericAddress.isIPv4($0) } : { NumericAddress.isIPv6($0) }
    if name.labels.last?.elementsEqual("localhost".utf8) == true { return type == .a ? ["127.0.0.1"] : ["::1"] }
    return addresses[name].map { $0.filter(isWanted) }
  }

  package func knows(_ name: DomainName) -> Bool { addresses(of: name, .a) != nil }
}
