/// Why bytes are no DNS message.
package enum DNSMessageError: Error, Hashable, Sendable {
  /// The message ends within a field.
  case truncated
  /// A label's first two bits are neither a length nor a pointer (RFC 1035 §4.1.4).
  case badLabel
  /// A pointer that does not point back: following it might never end.
  case badPointer
  /// Longer than 255 bytes.
  case longName
  /// A record whose data does not fill, or does not fit, its length.
  case badRecordLength
}
