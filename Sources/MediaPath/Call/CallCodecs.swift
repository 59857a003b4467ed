package import DSP

/// The stateful codecs of one call, made by control when they are first agreed on and kept until the call is freed: one of a kind.
package final class CallCodecs {
  /// A codec as the path is lent it; valid until the path has closed.
  package struct Reference: @unchecked Sendable, BitwiseCopyable {
    let codec: UnsafeMutablePointer<StreamCodec>
    let kind: StreamCodecKind
  }

  private var references: [Reference] = []

  package init() {}

  deinit {
    for reference in references {
      reference.codec.deinitialize(count: 1)
      reference.codec.deallocate()
    }
  }

  /// A codec that the path does not have yet; nil: it has this one.
  package func newReference(for kind: StreamCodecKind) -> Reference? {
    guard !references.contains(where: { $0.kind == kind }) else { return nil }
    let codec = UnsafeMutablePointer<StreamCodec>.allocate(capacity: 1)
    codec.initialize(to: StreamCodec(kind))
    let reference = Reference(codec: codec, kind: kind)
    references.append(reference)
    return reference
  }

  /// What has to go before a command, if anything.
  func codec(before command: PathCommand) -> PathCommand? {
    guard case .configure(let description) = command, let kind = description.codec.stream else { return nil }
    return newReference(for: kind).map(PathCommand.lend)
  }
}

/// Where a path keeps the codecs it was lent.
struct CodecSlots: BitwiseCopyable {
  private var g722: UnsafeMutablePointer<StreamCodec>?
  private var opus: UnsafeMutablePointer<StreamCodec>?

  @_noLocks
  mutating func add(_ reference: CallCodecs.Reference) {
    switch reference.kind {
    case .g722: g722 = reference.codec
    case .opus: opus = reference.codec
    }
  }

  /// nil for codecs without state.
  @_noLocks
  subscript(codec: PathDescription.Codec) -> UnsafeMutablePointer<StreamCodec>? {
    switch codec {
    case .pcmu, .pcma: nil
    case .g722: g722
    case .opus: opus
    }
  }
}
