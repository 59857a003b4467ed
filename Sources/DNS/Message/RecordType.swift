/// The kinds of records that are asked for and understood (RFC 1035 §3.2.2, RFC 3596, RFC 2782, RFC 3403).
package enum RecordType: UInt16, Hashable, Sendable, CaseIterable {
  case a = 1
  case cname = 5
  case soa = 6
  case aaaa = 28
  case srv = 33
  case naptr = 35
  /// Extension of the message itself (RFC 6891).
  case opt = 41
}

/// What is asked: a name and a kind of record, class IN.
package struct DNSQuestion: Hashable, Sendable, CustomStringConvertible {
  package var name: DomainName
  package var type: RecordType

  package init(_ name: DomainName, _ type: RecordType) {
    self.name = name
    self.type = type
  }

  package var description: String { "\(name) \(type)" }
}

/// Where a service is (RFC 2782).
package struct ServiceRecord: Hashable, Sendable {
  package var priority: UInt16
  package var weight: UInt16
  package var port: UInt16
  /// The root: there is decidedly no such service.
  package var target: DomainName

  package init(priority: UInt16, weight: UInt16, port: UInt16, target: DomainName) {
    self.priority = priority
    self.weight = weight
    self.port = port
    self.target = target
  }
}

/// Which service to look for next (RFC 3403 §4.1).
package struct NamingAuthorityPointer: Hashable, Sendable {
  package var order: UInt16
  package var preference: UInt16
  /// In lower case.
  package var flags: String
  /// In upper case, such as `SIP+D2U`.
  package var service: String
  package var regularExpression: String
  package var replacement: DomainName

  package init(order: UInt16, preference: UInt16, flags: String, service: String, regularExpression: String = "", replacement: DomainName) {
    self.order = order
    self.preference = preference
    self.flags = flags
    self.service = service
    self.regularExpression = regularExpression
    self.replacement = replacement
  }
}

/// What a record says.
package enum RecordData: Hashable, Sendable {
  /// A numeric address in its usual text form, of an A or AAAA record.
  case address(String)
  case alias(DomainName)
  case service(ServiceRecord)
  case pointer(NamingAuthorityPointer)
  /// A SOA: for how long what it does not have may be remembered, in seconds (RFC 2308 §5).
  case authority(negativeSeconds: UInt32)
  /// A kind that is not understood, or the OPT of the message.
  case other
}

/// One resource record, class IN.
package struct DNSRecord: Hashable, Sendable {
  package var name: DomainName
  /// As on the wire: also of kinds that are not understood.
  package var type: UInt16
  package var lifetimeSeconds: UInt32
  package var data: RecordData

  package init(_ name: DomainName, _ type: RecordType, lifetimeSeconds: UInt32, _ data: RecordData) {
    self.name = name
    self.type = type.rawValue
    self.lifetimeSeconds = lifetimeSeconds
    self.data = data
  }

  init(name: DomainName, type: UInt16, lifetimeSeconds: UInt32, data: RecordData) {
    self.name = name
    self.type = type
    self.lifetimeSeconds = lifetimeSeconds
    self.data = data
  }
}
