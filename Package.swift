// swift-tools-version: 6.2
import PackageDescription

// Every target of ours is built with the same rules: explicit existentials, explicit and internal imports, no warnings.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
  name: "kakehashi",
  dependencies: [
    .package(url: "https://github.com/apple/swift-crypto", "3.12.3"..<"5.0.0")
  ],
  targets: [
    // C: system libraries and the few calls Glibc's module lacks.
    .target(name: "CLinux"),
    .systemLibrary(name: "CSpanDSP", pkgConfig: "spandsp", providers: [.apt(["libspandsp-dev"])]),
    .target(name: "CAllocationCounter"),

    // The way of a voice sample.
    module("RealTime", ["CLinux"]),
    module("Numbering"),
    module("RTP", ["RealTime"]),
    module("DSP", ["RealTime", "RTP", "Numbering", "CSpanDSP"]),
    module("AudioFile"),
    module("TelephonyHAL", ["RealTime", "DSP", "Numbering", "AudioFile", "CSpanDSP", "CLinux"]),

    // Signalling and decisions.
    module("SIP", [.product(name: "Crypto", package: "swift-crypto")]),
    module("SDP"),

    module("MediaPath", ["RealTime", "RTP", "DSP", "TelephonyHAL", "Numbering", "CLinux"]),
    .executableTarget(
      name: "MediaBench", dependencies: ["MediaPath", "TelephonyHAL", "RealTime", "RTP", "DSP", "Numbering", "CLinux", "CAllocationCounter"],
      path: "Benchmarks/MediaBench", swiftSettings: settings),

    module("CallControl", ["SIP", "SDP", "Numbering", "TelephonyHAL"]),

    tests("SIPTests", ["SIP", .product(name: "Crypto", package: "swift-crypto")]),
    tests("SDPTests", ["SDP"]),
    .testTarget(name: "CorporaTests", dependencies: ["SIP"], path: "Tests/Corpora", exclude: ["rfc4475.json"], swiftSettings: settings),
    tests("MediaPathTests", ["MediaPath", "RealTime", "RTP", "DSP", "TelephonyHAL", "Numbering", "CLinux", "CAllocationCounter"]),
    tests("CallControlTests", ["CallControl", "SIP", "SDP", "Numbering", "TelephonyHAL"]),
    tests("RealTimeTests", ["RealTime", "CAllocationCounter"]),
    tests("NumberingTests", ["Numbering"]),
    tests("RTPTests", ["RTP", "RealTime"]),
    tests("DSPTests", ["DSP", "RTP", "RealTime", "Numbering", "AudioFile", "CSpanDSP", "CAllocationCounter"]),
    tests("AudioFileTests", ["AudioFile"]),
    tests("TelephonyHALTests", ["TelephonyHAL", "RealTime", "DSP", "Numbering", "AudioFile", "CSpanDSP"]),
  ]
)
