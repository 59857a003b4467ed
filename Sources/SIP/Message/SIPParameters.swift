/// One parameter of a URI or of a header field.
package struct SIPParameter: Hashable, Sendable {
  package var name: String
  /// Nil for a parameter without `=`.
  package var value: String?
  /// True when the value is written as a quoted string.
  package var isQuoted: Bool

  package init(_ name: String, _ value: String? = nil, isQuoted: Bool = false) {
    self.name = name
    self.value = value
    self.isQuoted = isQuoted
  }
}

/// An ordered list of parameters whose names ignore case.
package struct SIPParameters: Hashable, Sendable {
  package private(set) var all: [SIPParameter]

  package init(_ all: [SIPParameter] = []) {
    self.all = all
  }

  package var isEmpty: Bool { all.isEmpty }

  /// The parameter's value, empty when it has none; nil when the parameter is absent.
  ///
  /// Setting nil removes it.
  package subscript(_ name: String) -> String? {
    get {
      for parameter in all where parameter.name.equalsIgnoringCase(name) { return parameter.value ?? "" }
      return nil
    }
    set {
      guard let newValue else {
        all.removeAll { $0.name.equalsIgnoringCase(name) }
        return
      }
      if let index = all.firstIndex(where: { $0.name.equalsIgnoringCase(name) }) {
        all[index].value = newValue
      } else {
        all.append(SIPParameter(name, newValue))
      }
    }
  }

  package func contains(_ name: String) -> Bool {
    all.contains { $0.name.equalsIgnoringCase(name) }
  }

  /// Appends a parameter without a value, such as `lr`, unless it is there.
  package mutating func setFlag(_ name: String) {
    if !contains(name) { all.append(SIPParameter(name)) }
  }

  package mutating func append(_ parameter: SIPParameter) {
    all.append(parameter)
  }

  package mutating func remove(_ name: String) {
    self[name] = nil
  }

  /// A name that stands twice, which RFC 3261 19.1.1 and 7.3.1 forbid.
  var duplicatedName: String? {
    guard all.count > 1 else { return nil }
    for index in 1..<all.count
    where all[..<index].contains(where: { $0.name.equalsIgnoringCase(all[index].name) }) {
      return all[index].name
    }
    return nil
  }
}

extension SIPParameters: SIPHeaderValue {
  package func write(to output: inout [UInt8]) {
    for parameter in all {
      output.append(0x3b)
      output.append(text: parameter.name)
      guard let value = parameter.value else { continue }
      output.append(0x3d)
      if parameter.isQuoted {
        output.append(quoted: value)
      } else {
        output.append(text: value)
      }
    }
  }
}

extension SIPParameters {
  /// Parses `*(SEMI generic-param)` of a header field at the cursor (RFC 3261 25.1).
  static func parseHeaderParameters(_ cursor: inout ByteCursor) throws(SIPSyntaxError) -> SIPParameters {
    var parameters = SIPParameters()
    while cursor.takeSeparator(0x3b) {
      let name = cursor.text(try cursor.takeToken("a parameter's name"))
      guard cursor.takeSeparator(0x3d) else {
        parameters.all.append(SIPParameter(name))
        continue
      }
      if cursor.peek == 0x22 {
        parameters.all.append(SIPParameter(name, try cursor.takeQuotedString(), isQuoted: true))
      } else {
        let range = cursor.takeWhile(.parameterValue)
        guard !range.isEmpty else { throw cursor.error("a parameter's value") }
        parameters.all.append(SIPParameter(name, cursor.text(range)))
      }
    }
    return parameters
  }
}

extension [UInt8] {
  /// Appends a quoted string; quotes and backslashes are escaped, line ends become spaces.
  mutating func append(quoted text: String) {
    append(0x22)
    for byte in text.utf8 {
      switch byte {
      case 0x22, 0x5c:
        append(0x5c)
        append(byte)
      case 0x0d, 0x0a: append(0x20)
      default: append(byte)
      }
    }
    append(0x22)
  }
}
