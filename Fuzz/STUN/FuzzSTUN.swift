// Any bytes as a STUN message: nothing traps, and what is read can be written and read again.

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSTUN(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  _ = STUNMessage.isIntact(bytes, key: [1, 2, 3])
  guard var message = try? STUNMessage(parsing: bytes) else { return 0 }
  _ = (message.mappedAddress, message.error?.code, message.unknownAttributes)
  // The sum of the bytes as they came is not that of the bytes as we write them: padding differs.
  message.attributes.removeAll { $0.type == STUNAttributeType.fingerprint.rawValue }
  require((try? STUNMessage(parsing: message.serialize())) == message, "what was written is not what was read")
  return 0
}
