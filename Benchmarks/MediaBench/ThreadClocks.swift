import Foundation

/// The CPU time of each thread of a process, by name, ns: `/proc/PID/task/*/schedstat`; of this one without `process`.
func threadClocks(of process: Int32? = nil) -> [String: Int64] {
  var clocks: [String: Int64] = [:]
  let folder = "/proc/\(process.map(String.init) ?? "self")/task"
  let tasks = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  for task in tasks {
    guard let name = try? String(contentsOfFile: "\(folder)/\(task)/comm", encoding: .utf8),
      let text = try? String(contentsOfFile: "\(folder)/\(task)/schedstat", encoding: .utf8),
      let time = text.split(separator: " ").first.flatMap({ Int64($0) })
    else { continue }
    clocks[name.trimmingCharacters(in: .whitespacesAndNewlines), default: 0] += time
  }
  return clocks
}

/// The CPU time of all threads of a process, ns.
func cpuNanoseconds(of process: Int32) -> Int64 { threadClocks(of: process).values.reduce(0, +) }

/// The memory of this process that is in use, bytes: `/proc/self/statm`.
func residentBytes() -> Int {
  guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
  let fields = text.split(separator: " ")
  return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4_096 : 0
}
