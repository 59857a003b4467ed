package import ConfigurationFile
package import MediaPath

extension LineProcessing {
  /// As the line's part of the configuration asks.
  package init(_ line: GatewayConfiguration.Line) {
    self.init()
    cancelsEcho = line.cancelsEcho
    gainTowardLine = Float(line.gainTowardLine)
    gainFromLine = Float(line.gainFromLine)
    levelsTowardLine = line.automaticLevel == .towardLine || line.automaticLevel == .both
    levelsFromLine = line.automaticLevel == .fromLine || line.automaticLevel == .both
  }
}
