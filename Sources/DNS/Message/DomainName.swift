/// A domain name as on the wire, without compression and in lower case: names that differ in case only are the same (RFC 1035 §2.3.3).
package struct DomainName: Hashable, Sendable {
  /// Each label behind its length; the root's zero is left out.
  package let wire: [UInt8]

  package static let root = DomainName(wire: [])
  static let longestLabel = 63
  /// Of the wire form with the root's zero (RFC 1035 §2.3.4).
  static let longestName = 255

  private init(wire: [UInt8]) { self.wire = wire }

  /// From labels, in any case; nil: one is empty or too long, or all together are.
  init?(labels: some Sequence<[UInt8]>) {
    var wire: [UInt8] = []
    for label in labels {
      guard !label.isEmpty, label.count <= Self.longestLabel else { return nil }
      wire.append(UInt8(label.count))
      wire.append(contentsOf: label.map(Self.lowercased))
    }
    guard wire.count + 1 <= Self.longestName else { return nil }
    self.wire = wire
  }

  /// From text with dots, with or without one at the end; nil: it is no name.
  package init?(_ text: some StringProtocol) {
    var bytes = Array(text.utf8)
    if bytes.last == 0x2e { bytes.removeLast() }
    guard !bytes.isEmpty else {
      self = .root
      return
    }
    guard !bytes.contains(where: { $0 <= 0x20 || $0 == 0x7f }) else { return nil }
    self.init(labels: bytes.split(separator: 0x2e, omittingEmptySubsequences: false).map { Array($0) })
  }

  package var isRoot: Bool { wire.isEmpty }

  package var labels: [ArraySlice<UInt8>] {
    var result: [ArraySlice<UInt8>] = []
    var index = 0
    while index < wire.count {
      let end = index + 1 + Int(wire[index])
      result.append(wire[index + 1..<end])
      index = end
    }
    return result
  }

  /// How many dots its text has; a configuration's `ndots` counts them.
  package var dotCount: Int { max(labels.count - 1, 0) }

  /// `label.self`, such as `_sip._udp` in front of a domain; nil: too long.
  package func prepending(_ labels: [String]) -> DomainName? {
    DomainName(labels: labels.map { Array($0.utf8) } + self.labels.map { Array($0) })
  }

  /// This name within another, as a search list does; nil: too long.
  package func appending(_ suffix: DomainName) -> DomainName? {
    DomainName(labels: labels.map { Array($0) } + suffix.labels.map { Array($0) })
  }

  /// True for the name itself and for all above it.
  package func isWithin(_ other: DomainName) -> Bool {
    let own = labels
    let others = other.labels
    return own.count >= others.count && own.suffix(others.count).elementsEqual(others)
  }

  static func lowercased(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }
}

extension DomainName: CustomStringConvertible {
  /// With dots, none at the end; the root is `.`.
  package var description: String {
    wire.isEmpty ? "." : labels.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ".")
  }
}
