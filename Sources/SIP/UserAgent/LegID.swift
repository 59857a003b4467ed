/// One call as the user agent sees it: an INVITE, what it becomes, and its end.
package struct LegID: Hashable, Sendable, CustomStringConvertible {
  package let rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }

  /// No leg: what belongs to none, such as a REGISTER of ours.
  static let noLeg = LegID(rawValue: 0)

  package var description: String { "leg \(rawValue)" }
}
