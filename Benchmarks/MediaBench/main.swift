// What a call costs on the media path: calls over real UDP on the loopback interface, on lines that loop their audio.
//
//   MediaBench [--seconds N] [--detect] [CALLS …]        default: 10 s, 10 and 100 calls
//
// Prints CPU µs for each call and second, of each thread by its own CPU clock; missed ticks; memory for each call.

import Foundation
import MediaPath
import Numbering
import RealTime
import TelephonyHAL

var seconds = 10
var detects = false
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

print("calls  seconds  media µs/call-s  lines µs/call-s  ticks missed  late µs p50/p99/max  FIFO  KB/call  packets in/out")
for count in counts {
  do {
    let run = try MediaRun(calls: count, detects: detects)
    print(run.measure(seconds: seconds))
    run.stop()
  } catch {
    fail("\(count) calls: \(error)")
  }
}
