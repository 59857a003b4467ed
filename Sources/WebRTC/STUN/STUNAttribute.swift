/// Attributes that are understood (RFC 8489 §14, §18.3); others are kept as they came.
package enum STUNAttributeType: UInt16, Hashable, Sendable {
  case mappedAddress = 0x0001
  case username = 0x0006
  case messageIntegrity = 0x0008
  case errorCode = 0x0009
  case unknownAttributes = 0x000a
  case realm = 0x0014
  case nonce = 0x0015
  case xorMappedAddress = 0x0020
  case software = 0x8022
  case fingerprint = 0x8028
}

/// One attribute's value, without padding.
package struct STUNAttribute: Hashable, Sendable {
  /// Below 0x8000: a message with one that is not understood cannot be taken (RFC 8489 §14).
  package var type: UInt16
  package var value: [UInt8]

  package init(_ type: UInt16, _ value: [UInt8]) {
    self.type = type
    self.value = value
  }

  package init(_ type: STUNAttributeType, _ value: [UInt8]) { self.init(type.rawValue, value) }
}

/// A transport address: numeric host and port.
package struct STUNAddress: Hashable, Sendable, CustomStringConvertible {
  /// 4 or 16 bytes.
  package let bytes: [UInt8]
  package let port: UInt16

  /// nil: neither 4 nor 16 bytes.
  package init?(bytes: [UInt8], port: UInt16) {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    self.bytes = bytes
    self.port = port
  }

  /// Its usual text, without brackets.
  package var host: String { NumericHost.text(bytes) }

  package var description: String { bytes.count == 16 ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
