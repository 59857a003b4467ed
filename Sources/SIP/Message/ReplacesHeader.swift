/// A Replaces value (RFC 3891 §6.1): the dialog that a new call takes the place of.
package struct ReplacesHeader: Hashable, Sendable {
  package var callID: String
  /// The tag of the side that gets the INVITE.
  package var toTag: String
  /// The tag of the side whose place is taken.
  package var fromTag: String
  /// Only a call that was not answered yet may be replaced.
  package var isEarlyOnly: Bool

  package init(callID: String, toTag: String, fromTag: String, isEarlyOnly: Bool = false) {
    self.callID = callID
    self.toTag = toTag
    self.fromTag = fromTag
    self.isEarlyOnly = isEarlyOnly
  }

  /// Parses a value that fills the text, such as the one in the headers of a Refer-To URI.
  package init(parsing text: String) throws(SIPSyntaxError) {
    var cursor = ByteCursor(Array(text.utf8))
    self = try ReplacesHeader.parse(&cursor)
    guard cursor.isAtEnd else { throw cursor.error("the end of Replaces") }
  }

  static func parse(_ cursor: inout ByteCursor) throws(SIPSyntaxError) -> ReplacesHeader {
    cursor.skipBlanks()
    let range = cursor.takeWhile(.callID)
    guard !range.isEmpty else { throw cursor.error("a Call-ID") }
    let callID = cursor.text(range)
    let parameters = try SIPParameters.parseHeaderParameters(&cursor)
    cursor.skipBlanks()
    guard let toTag = parameters["to-tag"], let fromTag = parameters["from-tag"], parameters.duplicatedName == nil else {
      throw cursor.error("to-tag and from-tag, each once")
    }
    // A tag of 0 stands for the missing tag of an RFC 2543 peer (RFC 3891 §6.1).
    return ReplacesHeader(
      callID: callID, toTag: toTag == "0" ? "" : toTag, fromTag: fromTag == "0" ? "" : fromTag,
      isEarlyOnly: parameters.contains("early-only"))
  }
}

extension ReplacesHeader: SIPHeaderValue {
  package func write(to output: inout [UInt8]) {
    output.append(text: callID)
    output.append(text: ";to-tag=")
    output.append(text: toTag.isEmpty ? "0" : toTag)
    output.append(text: ";from-tag=")
    output.append(text: fromTag.isEmpty ? "0" : fromTag)
    if isEarlyOnly { output.append(text: ";early-only") }
  }
}

extension ByteSet {
  /// A word, or two with `@`; without the `;` that begins the parameters.
  static let callID = ByteSet(low: word.low, high: word.high | 1)
}
