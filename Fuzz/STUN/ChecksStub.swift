/// The real one needs a module that is not built for fuzzing; no parser of ours looks inside.
enum MessageIntegrity {
  static let size = 20
  static func code(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] { [UInt8](repeating: 0, count: size) }
  static func isValid(_ code: [UInt8], of bytes: [UInt8], key: [UInt8]) -> Bool { false }
}
