import ArgumentParser
import AudioFile
import ControlAPI
import Foundation

/// `kakehashi compare`: whether a recording holds a source.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Says whether a recording holds what was played, by correlating the two.",
    discussion: "Both 8 kHz, 16 bit, mono. Exits 1 when the source is not heard.")
  @Argument(help: "The recording.") var heard: String
  @Argument(help: "What was played.") var source: String
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let result: ComparisonResult
    do {
      result = ComparisonResult(
        AudioComparison.compare(heard: try WAVReader.read(path: heard), source: try WAVReader.read(path: source)),
        source: (source as NSString).lastPathComponent)
    } catch {
      throw Terminal.failure("\(error)")
    }
    Terminal.writeLine(json ? String(decoding: try ControlJSON.encode(result), as: UTF8.self) : result.sentence)
    if !result.isHeard { throw ExitCode.failure }
  }
}
