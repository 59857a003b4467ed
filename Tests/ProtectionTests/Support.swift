import Protection

extension Source {
  /// The n-th address of 10.0.0.0/8.
  static func number(_ number: Int) -> Source { Source(ipv4: 0x0a00_0000 | UInt32(truncatingIfNeeded: number)) }
}

extension MessageKind {
  init(_ text: String) {
    let bytes = Array(text.replacing("\n", with: "\r\n").utf8)
    self = bytes.withUnsafeBytes { MessageKind(glance: $0) }
  }
}
