package import Foundation

/// Numbers for people.
package enum Wording {
  /// A bar for a level from -60 to 0 dBm0, in eighths of a cell.
  package static func bar(dbm0 level: Double, width: Int = 20) -> String {
    let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    let share = min(1, max(0, (level + 60) / 60))
    let eighths = level.isFinite ? Int((share * Double(width * 8)).rounded()) : 0
    let filled = String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
    return filled + String(repeating: "·", count: max(0, width - filled.count))
  }

  /// ` -21 dBm0`, or `silence` below -90.
  package static func level(_ level: Double) -> String {
    level <= -90 || !level.isFinite ? "silence" : "\(rounded(level, 0)) dBm0"
  }

  package static func rounded(_ value: Double, _ places: Int) -> String {
    guard value.isFinite else { return "–" }
    let text = String(format: "%.\(places)f", value)
    return text.hasPrefix("-") && !text.contains { $0 >= "1" && $0 <= "9" } ? String(text.dropFirst()) : text
  }

  /// `4 s`, `1:07`, `2:03:04`.
  package static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "–" }
    let whole = Int(seconds)
    let tail = String(format: "%02d", whole % 60)
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60):\(tail)" }
    return "\(whole / 3600):\(String(format: "%02d", whole / 60 % 60)):\(tail)"
  }

  /// `14:03:27`, local time.
  package static func time(_ date: Date) -> String {
    let parts = Calendar(identifier: .gregorian).dateComponents([.hour, .minute, .second], from: date)
    return String(format: "%02d:%02d:%02d", parts.hour ?? 0, parts.minute ?? 0, parts.second ?? 0)
  }
}
