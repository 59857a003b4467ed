import DSP
import SDP

/// The telephone's codec where it keeps state; nil for G.711.
struct PhoneCodec: ~Copyable {
  private(set) var stream: UnsafeMutablePointer<StreamCodec>?

  init() {}

  deinit {
    stream?.deinitialize(count: 1)
    stream?.deallocate()
  }

  /// Whether another codec than before is used from now on.
  mutating func apply(_ terms: AudioTerms) -> Bool {
    defer { stream?.pointee.configure(terms.opus) }
    guard stream?.pointee.kind != terms.stream else { return false }
    stream?.deinitialize(count: 1)
    stream?.deallocate()
    stream = nil
    if let kind = terms.stream {
      let made = UnsafeMutablePointer<StreamCodec>.allocate(capacity: 1)
      made.initialize(to: StreamCodec(kind))
      stream = made
    }
    return true
  }
}

extension StreamCodecKind {
  /// nil: it keeps no state.
  init?(_ codec: AudioCodec) {
    switch codec {
    case .pcmu, .pcma: return nil
    case .g722: self = .g722
    case .opus: self = .opus
    }
  }
}
