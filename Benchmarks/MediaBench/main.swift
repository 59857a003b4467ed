// What a call costs on the media path: calls over real UDP on the loopback interface, on lines that loop their audio.
//
//   MediaBench [--seconds N] [--detect] [--srtp] [CALLS …]        default: 10 s, 10 and 100 calls
//
// --srtp: the same with SRTP, and what it costs against plain RTP.
// Prints CPU µs for each call and second, of each thread by its own CPU clock; missed ticks; memory for each call.

import Foundation
import MediaPath
import Numbering
import RTP
import RealTime
import TelephonyHAL

var seconds = 10
var detects = false
var suites: [SRTPSuite?] = [nil]
var counts: [Int] = []
var arguments = Array(CommandLine.arguments.dropFirst())
while !arguments.isEmpty {
  let argument = arguments.removeFirst()
  switch argument {
  case "--seconds":
    guard let value = arguments.first.flatMap({ Int($0) }), value > 0 else { fail("--seconds needs a number") }
    seconds = value
    arguments.removeFirst()
  case "--detect": detects = true
  case "--srtp": suites = [nil, .aesCounterMode128HMACSHA1Tag80, .aeadAES128GCM]
  default:
    guard let count = Int(argument), count > 0, count <= 2_000 else { fail("not a number of calls: \(argument)") }
    counts.append(count)
  }
}
if counts.isEmpty { counts = [10, 100] }

func fail(_ message: String) -> Never {
  FileHandle.standardError.write(Data("MediaBench: \(message)\n".utf8))
  exit(64)
}

extension SRTPSuite {
  var label: String { self == .aeadAES128GCM ? "SRTP GCM" : "SRTP CM" }
}

print("calls   packets  seconds  media µs/call-s  lines µs/call-s  ticks missed  late µs p50/p99/max  FIFO  KB/call  packets in/out")
for count in counts {
  var plain = 0.0
  for suite in suites {
    do {
      let run = try MediaRun(calls: count, detects: detects, suite: suite)
      let line = run.measure(seconds: seconds)
      if suite == nil { plain = run.mediaCost }
      print(line + (suite == nil || plain == 0 ? "" : String(format: "  %.2f × RTP", run.mediaCost / plain)))
      run.stop()
    } catch {
      fail("\(count) calls: \(error)")
    }
  }
}
