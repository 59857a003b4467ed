/// The name of a line within one gateway, such as `line1`; unique there.
package struct LineID: Hashable, Sendable, CustomStringConvertible {
  package let name: String

  package init(_ name: String) {
    self.name = name
  }

  package init(name: String) {
    self.name = name
  }

  package var description: String { name }
}
