package import Foundation

/// JSON as the status socket speaks it: snake_case keys, times in RFC 3339 with milliseconds, UTC.
package enum ControlJSON {
  package static func encode(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.dateEncodingStrategy = .custom { date, encoder in
      var container = encoder.singleValueContainer()
      try container.encode(date.formatted(timeStyle))
    }
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // A measurement that is not finite must not cost the whole answer.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try encoder.encode(value)
  }

  package static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    decoder.dateDecodingStrategy = .custom { decoder in
      let container = try decoder.singleValueContainer()
      let text = try container.decode(String.self)
      guard let date = (try? timeStyle.parse(text)) ?? (try? Date.ISO8601FormatStyle().parse(text)) else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text) is no time; expected 2026-01-31T12:00:00.000Z")
      }
      return date
    }
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try decoder.decode(type, from: data)
  }

  private static var timeStyle: Date.ISO8601FormatStyle { Date.ISO8601FormatStyle(includingFractionalSeconds: true) }
}

/// Body of every answer that is an error.
package struct ErrorAnswer: Codable, Sendable, Equatable {
  package var error: String

  package init(error: String) { self.error = error }
}
