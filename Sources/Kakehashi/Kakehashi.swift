import ArgumentParser
import Console

@main
struct Kakehashi {
  static func main() async { await KakehashiCommand.main() }
}
