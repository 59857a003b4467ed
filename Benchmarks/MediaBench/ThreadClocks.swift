import Foundation

/// The CPU time of each thread of this process, by name, ns: `/proc/self/task/*/schedstat`.
func threadClocks() -> [String: Int64] {
  var clocks: [String: Int64] = [:]
  let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
  for task in tasks {
    guard let name = try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8),
      let text = try? String(contentsOfFile: "/proc/self/task/\(task)/schedstat", encoding: .utf8),
      let time = text.split(separator: " ").first.flatMap({ Int64($0) })
    else { continue }
    clocks[name.trimmingCharacters(in: .whitespacesAndNewlines), default: 0] += time
  }
  return clocks
}

/// The memory of this process that is in use, bytes: `/proc/self/statm`.
func residentBytes() -> Int {
  guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
  let fields = text.split(separator: " ")
  return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4_096 : 0
}
