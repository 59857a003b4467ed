import CSpanDSP

/// spandsp's names for a caller-ID format, and the codes of its fields.
struct CallerIDStandard {
  let code: Int32
  let header: UInt8
  let number: UInt8
  let name: UInt8?
  let dateTime: UInt8?
  let absence: UInt8

  /// Nil for formats that are not audio.
  init?(_ format: CallerID.Format) {
    switch format {
    case .bell:
      code = Int32(ADSI_STANDARD_CLASS)
      header = UInt8(CLASS_MDMF_CALLERID)
      number = UInt8(MCLASS_CALLER_NUMBER)
      name = UInt8(MCLASS_CALLER_NAME)
      dateTime = UInt8(MCLASS_DATETIME)
      absence = UInt8(MCLASS_ABSENCE1)
    case .etsiFSK:
      code = Int32(ADSI_STANDARD_CLIP)
      header = UInt8(CLIP_MDMF_CALLERID)
      number = UInt8(CLIP_CALLER_NUMBER)
      name = UInt8(CLIP_CALLER_NAME)
      dateTime = UInt8(CLIP_DATETIME)
      absence = UInt8(CLIP_ABSENCE1)
    case .jpDisplay:
      code = Int32(ADSI_STANDARD_JCLIP)
      header = UInt8(JCLIP_MDMF_CALLERID)
      number = UInt8(JCLIP_CALLER_NUMBER)
      name = nil
      dateTime = nil
      absence = UInt8(JCLIP_ABSENCE)
    case .etsiDTMF:
      code = Int32(ADSI_STANDARD_CLIP_DTMF)
      header = UInt8(ascii: "#")
      number = UInt8(ascii: "A")
      name = nil
      dateTime = nil
      absence = UInt8(ascii: "D")
    case .network:
      return nil
    }
  }
}
