/// The header fields of a message, in order.
///
/// All text lies in one byte array; a field is two ranges of it, so that parsing and copying a message costs two allocations whatever the
/// number of fields. Values are parsed when asked for (`SIPHeaders+Typed.swift`).
package struct SIPHeaders: Sendable {
  struct Field: Sendable {
    var name: HeaderName
    /// The name in `text`; empty for a known name.
    var nameStart: UInt32
    var nameCount: UInt32
    var valueStart: UInt32
    var valueCount: UInt32

    @inline(__always) var valueRange: Range<Int> { Int(valueStart)..<Int(valueStart &+ valueCount) }
    @inline(__always) var nameRange: Range<Int> { Int(nameStart)..<Int(nameStart &+ nameCount) }
  }

  var text: [UInt8]
  var fields: [Field]

  package init() {
    text = []
    fields = []
  }

  init(text: [UInt8], fields: [Field]) {
    self.text = text
    self.fields = fields
  }

  package var count: Int { fields.count }
  package var isEmpty: Bool { fields.isEmpty }

  /// The number of fields (not of comma-separated values) of this name.
  package func count(of name: HeaderName) -> Int {
    var count = 0
    for field in fields where field.name == name { count += 1 }
    return count
  }

  package func contains(_ name: HeaderName) -> Bool {
    firstField(name) != nil
  }

  /// The value of the first field of this name, unfolded and trimmed.
  ///
  /// Setting replaces all fields of the name; nil removes them.
  package subscript(_ name: HeaderName) -> String? {
    get { firstField(name).map { string($0.valueRange) } }
    set {
      if let newValue { set(name, newValue) } else { remove(name) }
    }
  }

  /// The value of the first field of a name in any case, long or compact.
  package subscript(_ name: String) -> String? {
    let known = HeaderName(matching: name)
    if known != .extension { return self[known] }
    return fields.first { $0.name == .extension && string($0.nameRange).equalsIgnoringCase(name) }.map { string($0.valueRange) }
  }

  /// The values of all fields of this name, one a field, commas inside kept.
  package func all(_ name: HeaderName) -> [String] {
    var values: [String] = []
    for field in fields where field.name == name { values.append(string(field.valueRange)) }
    return values
  }

  /// Every field in order, with its name as written (known names in their long form).
  package var pairs: [(name: String, value: String)] {
    fields.map { ($0.name == .extension ? string($0.nameRange) : $0.name.text, string($0.valueRange)) }
  }

  /// Appends a field.
  ///
  /// Line ends in the value become spaces, so that a value cannot make a field of its own.
  package mutating func add(_ name: HeaderName, _ value: some SIPHeaderValue) {
    fields.append(makeField(name, value))
  }

  /// Appends a field of any name; a name that is not a token is left out.
  package mutating func add(named name: String, _ value: some SIPHeaderValue) {
    let known = HeaderName(matching: name)
    guard known == .extension else { return add(known, value) }
    guard !name.isEmpty, name.utf8.allSatisfy(ByteSet.token.contains) else { return }
    let start = text.count
    text.append(text: name)
    var field = makeField(.extension, value)
    field.nameStart = UInt32(truncatingIfNeeded: start)
    field.nameCount = UInt32(truncatingIfNeeded: name.utf8.count)
    fields.append(field)
  }

  /// Puts a field before all others of its name, or first of all: a Via or Route that is pushed.
  package mutating func push(_ name: HeaderName, _ value: some SIPHeaderValue) {
    let position = fields.firstIndex { $0.name == name } ?? 0
    fields.insert(makeField(name, value), at: position)
  }

  /// Replaces all fields of the name by one, in the place of the first.
  package mutating func set(_ name: HeaderName, _ value: some SIPHeaderValue) {
    guard let position = fields.firstIndex(where: { $0.name == name }) else { return add(name, value) }
    fields[position] = makeField(name, value)
    let rest = fields[(position + 1)...]
    if rest.contains(where: { $0.name == name }) {
      fields = Array(fields[...position]) + rest.filter { $0.name != name }
    }
  }

  /// Removes all fields of the name.
  package mutating func remove(_ name: HeaderName) {
    fields.removeAll { $0.name == name }
  }

  /// Copies all fields of the name from another message, in order.
  package mutating func copy(_ name: HeaderName, from other: SIPHeaders) {
    for field in other.fields where field.name == name {
      var copy = field
      copy.valueStart = UInt32(truncatingIfNeeded: text.count)
      copy.nameCount = 0
      text.append(contentsOf: other.text[field.valueRange])
      fields.append(copy)
    }
  }

  /// Makes room for what is to be added.
  package mutating func reserve(fields fieldCount: Int, bytes: Int) {
    fields.reserveCapacity(fields.count + fieldCount)
    text.reserveCapacity(text.count + bytes)
  }

  func firstField(_ name: HeaderName) -> Field? {
    for field in fields where field.name == name { return field }
    return nil
  }

  func string(_ range: Range<Int>) -> String {
    String(decoding: text[range], as: UTF8.self)
  }

  func cursor(_ field: Field) -> ByteCursor {
    let range = field.valueRange
    return ByteCursor(text, from: range.lowerBound, to: range.upperBound)
  }

  private mutating func makeField(_ name: HeaderName, _ value: some SIPHeaderValue) -> Field {
    let start = text.count
    value.write(to: &text)
    for index in start..<text.count where text[index] == 0x0d || text[index] == 0x0a { text[index] = 0x20 }
    return Field(
      name: name, nameStart: 0, nameCount: 0, valueStart: UInt32(truncatingIfNeeded: start),
      valueCount: UInt32(truncatingIfNeeded: text.count - start))
  }
}

extension SIPHeaders: Equatable {
  /// Same fields with the same values in the same order.
  package static func == (left: SIPHeaders, right: SIPHeaders) -> Bool {
    guard left.fields.count == right.fields.count else { return false }
    return zip(left.fields, right.fields).allSatisfy { first, second in
      first.name == second.name && left.text[first.valueRange] == right.text[second.valueRange]
        && (first.name != .extension || left.string(first.nameRange).equalsIgnoringCase(right.string(second.nameRange)))
    }
  }
}
