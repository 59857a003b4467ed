/// A session description (RFC 8866).
///
/// Lines this product has no use for are kept, so that what is read is written again.
package struct SessionDescription: Hashable, Sendable {
  /// The `o=` line.
  package struct Origin: Hashable, Sendable {
    package var username: String
    package var sessionID: String
    package var version: String
    package var connection: Connection

    package init(username: String = "-", sessionID: String, version: String, connection: Connection) {
      self.username = username
      self.sessionID = sessionID
      self.version = version
      self.connection = connection
    }
  }

  /// A `c=` line's network type, address type and address.
  package struct Connection: Hashable, Sendable {
    package var networkType: String
    package var addressType: String
    /// Without the `/ttl` of multicast.
    package var address: String

    package init(networkType: String = "IN", addressType: String, address: String) {
      self.networkType = networkType
      self.addressType = addressType
      self.address = address
    }

    /// An internet address; IP6 when it has a colon.
    package init(address: String) {
      self.init(addressType: address.contains(":") ? "IP6" : "IP4", address: address)
    }

    /// True for `0.0.0.0` and `::`: nothing is to be sent there (RFC 3264 8.4, RFC 6157).
    package var isUnspecified: Bool {
      address == "0.0.0.0" || (address.contains(":") && address.allSatisfy { $0 == "0" || $0 == ":" })
    }
  }

  /// `name` or `name:value` of an `a=` line.
  package struct Attribute: Hashable, Sendable {
    package var name: String
    package var value: String?

    package init(_ name: String, _ value: String? = nil) {
      self.name = name
      self.value = value
    }
  }

  /// Another line, by its letter.
  package struct Line: Hashable, Sendable {
    package var type: UInt8
    package var value: String
  }

  /// One `m=` line and what belongs to it.
  package struct Media: Hashable, Sendable {
    package var kind: String
    /// 0: refused or withdrawn.
    package var port: UInt16
    /// The `/n` behind the port; nil when there is none.
    package var portCount: UInt16?
    package var transport: String
    package var formats: [String]
    package var title: [Line] = []
    package var connection: Connection?
    package var bandwidths: [String] = []
    package var keys: [Line] = []
    package var attributes: [Attribute] = []

    package init(kind: String, port: UInt16, transport: String, formats: [String]) {
      self.kind = kind
      self.port = port
      self.transport = transport
      self.formats = formats
    }
  }

  package var origin: Origin
  package var name: String
  /// `i= u= e= p=`.
  package var information: [Line] = []
  package var connection: Connection?
  package var bandwidths: [String] = []
  /// `t= r= z=`; the default is `t=0 0`.
  package var times: [Line] = SessionDescription.unbounded
  package var keys: [Line] = []
  package var attributes: [Attribute] = []
  package var media: [Media] = []

  static let unbounded = [Line(type: 0x74, value: "0 0")]

  package init(origin: Origin, name: String = "-") {
    self.origin = origin
    self.name = name
  }
}

extension [SessionDescription.Attribute] {
  /// The first value of the name, empty for a flag; nil when absent.
  ///
  /// Names are case-sensitive (RFC 8866 5.13), but peers differ.
  package func value(_ name: String) -> String? {
    guard let attribute = first(where: { $0.name == name }) else { return nil }
    return attribute.value ?? ""
  }

  package func values(_ name: String) -> [String] {
    filter { $0.name == name }.compactMap(\.value)
  }
}
