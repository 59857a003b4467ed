package import RealTime

// Any datagram as SRTP and SRTCP: nothing traps, no byte outside it is read, nothing forged is believed, and what is protected is read again.

/// What libFuzzer calls with each input: octet 0 chooses, the rest is the packet.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSRTP(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  guard let data, size > 1, size < 1_900 else { return 0 }
  let suites = SRTPSuite.allCases
  let suite = suites[Int(data[0]) % suites.count]
  let isControl = data[0] & 0x80 != 0
  let octets = [UInt8](repeating: 7, count: SRTPSuite.keySize + suite.saltSize)
  guard let key = SRTPMasterKey(octets, suite: suite) else { return 0 }
  var session = SRTPSession(suite: suite)
  require(session.secure(SRTPKeys(suite: suite, send: key, receive: key), now: .zero), "keys are not taken")
  let packet = UnsafeRawBufferPointer(start: data + 1, count: size - 1)
  if case .success = session.unprotect(packet, isControl: isControl, now: .zero) {
    require(false, "a packet is believed that nobody has protected")
  }
  // Exactly as long as it is, so that the address sanitizer sees what goes beyond.
  let room = suite.controlTagSize + 4
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: packet.count + room, alignment: 16)
  defer { buffer.deallocate() }
  buffer.copyMemory(from: packet)
  let count = session.protect(buffer, count: packet.count, isControl: isControl)
  guard count > 0 else { return 0 }
  guard case .success(let opened) = session.unprotect(UnsafeRawBufferPointer(rebasing: buffer[..<count]), isControl: isControl, now: .zero)
  else {
    require(false, "what was protected is not believed")
    return 0
  }
  require(opened.elementsEqual(packet), "what was protected is read otherwise")
  return 0
}
